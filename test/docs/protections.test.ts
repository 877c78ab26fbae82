import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/packageRoot.js';
import { PROTECTIONS } from '../faults/protections/list.js';

const source = (file: string): string => readFileSync(join(packageRoot, file), 'utf8');

describe('A protection that `npm run protections` removes', () => {
  test.each(PROTECTIONS)(
    '$name: its line occurs once, and its test exists',
    ({ file, text, test: [, testFile, name] }) => {
      expect(source(file).split(text)).toHaveLength(2);
      const folder = dirname(testFile);
      // A scenario is named after its file; other names are in the test's file or in a table beside it.
      const names = readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' });
      const tables = names.filter((one) => one.endsWith('.ts')).map((one) => source(join(folder, one)));
      expect([...names, ...tables].some((text) => text.includes(name))).toBe(true);
    },
  );

  test('has a unique name, and there are many', () => {
    const names = PROTECTIONS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(12);
  });
});
