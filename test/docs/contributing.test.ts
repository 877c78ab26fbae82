import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/packageRoot.js';
import { readPage } from './page.js';

/** A part of a diff whose quoted lines are in the file, in this order; new lines may be between them. */
interface Hunk {
  file: string;
  /** Its context and removed lines, as they are in the file. */
  before: string[];
}

/** `--- FILE` starts the hunks of an existing file, `+++ FILE` a new file, `@@` the next hunk. */
function hunksOf(diff: string): Hunk[] {
  return diff.split(/^--- /m).flatMap((part) => {
    const [file = '', ...lines] = part.split('\n');
    const [existing = ''] = lines.join('\n').split(/^\+\+\+ /m);
    return existing.split(/^@@$/m).map((hunk) => ({
      file,
      before: hunk
        .split('\n')
        .filter((line) => /^[ -]./.test(line))
        .map((line) => line.slice(1)),
    }));
  });
}

describe('CONTRIBUTING.md', () => {
  const { codes, codespans } = readPage('CONTRIBUTING.md');
  const diffs = codes.filter(({ lang }) => lang === 'diff');
  const hunks = diffs.flatMap(({ text }) => hunksOf(text)).filter(({ before }) => before.length > 0);

  test('names files and folders that exist', () => {
    const named = codespans.filter((text) =>
      /^(src|test|workflows|activities|scripts|docs)\/[^ ]*$/.test(text),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((path) => !existsSync(join(packageRoot, path)))).toEqual([]);
  });

  test('has diffs', () => {
    expect(hunks.length).toBeGreaterThan(10);
  });

  test.each(hunks)('quotes lines as they are in $file: $before.0', ({ file, before }) => {
    const lines = readFileSync(join(packageRoot, file), 'utf8').split('\n');
    let from = 0;
    for (const quoted of before) {
      const at = lines.indexOf(quoted, from);
      if (at < 0)
        expect.fail(
          `${file} no longer has this line at its place; update the diff in CONTRIBUTING.md: ${quoted}`,
        );
      from = at + 1;
    }
  });
});
