import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/packageRoot.js';
import { anchorOf, pagePaths, readPage, targetOf } from './page.js';

/** Folders with comments and messages that refer to pages. */
const SOURCES = ['src', 'workflows', 'activities', 'test'];
const FILES = [
  'docker-compose.yml',
  'Dockerfile',
  '.env.example',
  '.dependency-cruiser.cjs',
  'vitest.config.ts',
];

function sourceFiles(): string[] {
  const found = SOURCES.flatMap((folder) =>
    readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' }).map(
      (name) => `${folder}/${name}`,
    ),
  );
  return [...FILES, ...found.filter((name) => /\.(ts|mjs|yaml)$/.test(name))];
}

describe('Every page', () => {
  test.each(pagePaths())('%s links to what exists, also within pages', (path) => {
    const page = readPage(path);
    const broken = page.links.filter((href) => {
      const target = targetOf(page, href);
      if (target === undefined) return false;
      if (!existsSync(join(packageRoot, target.path))) return true;
      const headings = target.anchor === '' ? [] : readPage(target.path).headings;
      return target.anchor !== '' && !headings.map(anchorOf).includes(target.anchor);
    });
    expect(broken).toEqual([]);
  });

  test('can be reached from README.md', () => {
    const reached = new Set(['README.md']);
    for (const path of reached) {
      const page = readPage(path);
      const targets = page.links.flatMap((href) => targetOf(page, href)?.path ?? []);
      for (const target of targets) if (target.endsWith('.md')) reached.add(target);
    }
    expect([...reached].sort()).toEqual(pagePaths().sort());
  });

  test('named in code, comments and files exists', () => {
    const lost = sourceFiles().flatMap((file) => {
      const text = readFileSync(join(packageRoot, file), 'utf8');
      const named = text.match(/(?<![\w./-])docs\/[\w/-]+\.md/g) ?? [];
      return named.filter((page) => !existsSync(join(packageRoot, page))).map((page) => `${file}: ${page}`);
    });
    expect(lost).toEqual([]);
  });
});

describe('docs/source.md', () => {
  test('links to no other page, because /docs shows only this one', () => {
    expect(readPage('docs/source.md').links.filter((href) => !/^(#|https:)/.test(href))).toEqual([]);
  });
});

describe('A decision', () => {
  const index = readPage('docs/decisions/README.md').links;
  test.each(pagePaths().filter((path) => /decisions\/(?!README)/.test(path)))(
    '%s has context, decision and consequences, and is in the index',
    (path) => {
      expect(readPage(path).headings.slice(1)).toEqual(['Context', 'Decision', 'Consequences']);
      expect(index).toContain(path.replace('docs/decisions/', ''));
    },
  );
});
