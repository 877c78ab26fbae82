import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/packageRoot.js';
import { FAULTS_PAGE, faultsPage } from './faultsPage.js';

test('docs/faults.md is up to date (npx tsx test/docs/makeFaultsPage.ts writes it)', async () => {
  expect(readFileSync(join(packageRoot, FAULTS_PAGE), 'utf8')).toBe(await faultsPage());
});
