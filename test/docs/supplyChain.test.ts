import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Type from 'typebox';
import Value from 'typebox/value';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/local/packageRoot.js';
import { inCode, readPage, rowsOf } from './page.js';

const read = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');

const Lock = Type.Object({
  packages: Type.Record(
    Type.String(),
    Type.Object({
      integrity: Type.Optional(Type.String()),
      resolved: Type.Optional(Type.String()),
      license: Type.Optional(Type.String()),
      dev: Type.Optional(Type.Boolean()),
      hasInstallScript: Type.Optional(Type.Boolean()),
    }),
  ),
});

/** Every package of the lock file but Gavel itself. */
const packages = Object.entries(Value.Parse(Lock, JSON.parse(read('package-lock.json'))).packages).flatMap(
  ([path, described]) => (path === '' ? [] : [{ name: path.replace(/.*node_modules\//, ''), ...described }]),
);
const page = readPage('docs/supply-chain.md');
const text = read('docs/supply-chain.md');
const sorted = (names: (string | undefined)[]) => [...new Set(names)].sort();

describe('docs/supply-chain.md', () => {
  test('names every licence of what runs in production', () => {
    const licences = packages.flatMap(({ dev, license }) => (dev === true ? [] : (license ?? [])));
    expect(sorted(rowsOf(page, 'licence').flat())).toEqual(sorted(licences.map(inCode)));
  });

  test('names what has no licence in the lock file, and those of development alone', () => {
    const production = new Set(packages.flatMap(({ dev, license }) => (dev === true ? [] : [license])));
    const others = packages.filter(({ license }) => !production.has(license)).map(({ license }) => license);
    const silent = packages.filter(({ license }) => license === undefined).map(({ name }) => name);
    for (const name of sorted([...others, ...silent])) expect(text).toContain(inCode(name ?? ''));
  });

  test('names every package that brings an install script, none of which is run', () => {
    const named = packages
      .filter(({ hasInstallScript }) => hasInstallScript === true)
      .map(({ name }) => name);
    expect(sorted(rowsOf(page, 'package').flat())).toEqual(sorted(named.map(inCode)));
    expect(read('.npmrc').split('\n')).toContain('ignore-scripts=true');
  });

  test('names the servers that the local stack fetches', () => {
    for (const name of rowsOf(page, 'server').flat()) {
      expect(read('src/local/requirements.txt')).toContain(`${name.replaceAll('`', '')}==`);
    }
  });
});

describe('What is installed', () => {
  test('is pinned to its content, from the registry alone', () => {
    const loose = packages.filter(({ integrity }) => integrity?.startsWith('sha512-') !== true);
    expect(loose).toEqual([]);
    const elsewhere = packages.filter(({ resolved }) => /^(git|http:|file:)/.test(resolved ?? ''));
    expect(elsewhere).toEqual([]);
  });

  test('from the Python index is pinned to its content too', () => {
    const requirements = read('src/local/requirements.txt')
      .replaceAll('\\\n', ' ')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(requirements.length).toBeGreaterThan(3);
    expect(requirements.filter((line) => !/^[\w-]+==\S+ .*--hash=sha256:[0-9a-f]{64}/.test(line))).toEqual(
      [],
    );
  });
});
