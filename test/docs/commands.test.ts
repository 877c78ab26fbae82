import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import Type from 'typebox';
import Value from 'typebox/value';
import { describe, expect, test } from 'vitest';
import { gavelProgram } from '../../src/cli/program.js';
import { packageRoot } from '../../src/packageRoot.js';
import { pagePaths, readPage, rowsOf } from './page.js';

const { scripts } = Value.Parse(
  Type.Object({ scripts: Type.Record(Type.String(), Type.String()) }),
  JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')),
);

/** Every command line in the pages and in the files that show commands. */
const typed = [
  ...pagePaths().flatMap((path) => {
    const { codes, codespans } = readPage(path);
    return [...codes.flatMap(({ text }) => text.split('\n')), ...codespans].map((line) => ({ path, line }));
  }),
  ...['docker-compose.yml', '.env.example', 'Dockerfile'].flatMap((path) =>
    readFileSync(join(packageRoot, path), 'utf8')
      .split('\n')
      .map((line) => ({ path, line })),
  ),
];

/** The words after `gavel` as a command: at the line's start, after npm's `--`, or as the compose file's service. */
const GAVEL = /(?:^\s*|npm run gavel -- |^#? *docker compose run .*?)gavel ((?:[a-z-]).*)/;

const gavelLines = typed.flatMap(({ path, line }) => {
  const [, words] = GAVEL.exec(line.replace(/\s#.*/, '')) ?? [];
  return words === undefined ? [] : [{ path, words }];
});

const program = await gavelProgram();

/** The words of a command line that the program does not know. */
function unknownIn(words: string): string[] {
  let command = program;
  const unknown: string[] = [];
  for (const word of words.trim().split(/\s+/)) {
    const sub = command.commands.find((one) => one.name() === word);
    if (sub !== undefined) command = sub;
    else if (word.startsWith('--') && command.options.every(({ long }) => long !== word)) unknown.push(word);
    else if (command.commands.length > 0 && /^[a-z]+$/.test(word)) unknown.push(word);
  }
  return unknown;
}

/** `market diff VERSION` without its argument. */
const withoutArguments = (words: string): string => words.replace(/ [A-Z…].*/, '');

/** Every command without subcommands: `keys list`. */
function leaves(command: Command, before = ''): string[] {
  return command.commands.flatMap((one) =>
    one.commands.length > 0 ? leaves(one, `${before}${one.name()} `) : `${before}${one.name()}`,
  );
}

describe('The pages', () => {
  test('name commands', () => {
    expect(gavelLines.length).toBeGreaterThan(10);
  });

  test.each(gavelLines)('name only commands and options that exist: gavel $words ($path)', ({ words }) => {
    expect(unknownIn(words)).toEqual([]);
  });

  test('name only scripts of package.json', () => {
    const named = typed.flatMap(({ line }) =>
      [...line.matchAll(/\bnpm (?:run )?(start|test(?!:)|(?<=run )[a-z][a-z0-9:]*)/g)].map(
        ([, script = '']) => script,
      ),
    );
    expect([...new Set(named)].sort()).toEqual(Object.keys(scripts).sort());
  });
});

describe('docs/cli.md', () => {
  test('names every command of gavel once, and no other', () => {
    const cells = rowsOf(readPage('docs/cli.md'), 'command').flat().join();
    const named = [...cells.matchAll(/`(?:gavel )?((?!gavel)[a-z][^`]*)`/g)].map(([, words = '']) =>
      withoutArguments(words),
    );
    expect(named.sort()).toEqual(leaves(program).sort());
  });
});
