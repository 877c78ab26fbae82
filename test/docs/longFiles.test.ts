import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/packageRoot.js';
import { LONG } from '../support/longFilesFirst.js';

test('Each file that starts first exists', () => {
  const missing = LONG.filter((name) => !existsSync(join(packageRoot, 'test', `${name}.test.ts`)));
  expect(missing).toEqual([]);
});
