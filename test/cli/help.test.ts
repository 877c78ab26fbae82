import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { gavelProgram } from '../../src/cli/program.js';

/** Leaf commands as typed: "keys create". */
function leaves(command: Command, above: string[] = []): [string, Command][] {
  return command.commands.flatMap((each): [string, Command][] => {
    const name = [...above, each.name()];
    return each.commands.length > 0 ? leaves(each, name) : [[name.join(' '), each]];
  });
}

const commands = leaves(await gavelProgram());

describe('gavel --help', () => {
  it.each(commands)('%s describes itself, its arguments and its options', (_name, command) => {
    const help = command.helpInformation();
    expect(command.description()).toMatch(/^\S.*\S$/s);
    for (const { description } of [...command.registeredArguments, ...command.options])
      expect(description).not.toBe('');
    expect(help).not.toContain('default: false');
    for (const { description, defaultValue } of command.options)
      if (defaultValue !== undefined) expect(description).not.toContain('(default:');
  });

  it('every command that ends by itself can print JSON, and services log JSON', () => {
    const without = commands.filter(([, { options }]) => !options.some(({ long }) => long === '--json'));
    expect(without.map(([name]) => name)).toEqual(['serve', 'api', 'admin', 'worker', 'temporal']);
  });

  it.each([
    [['keys', 'list'], 1],
    [['--remote', 'https://admin.example', 'leads', 'show'], 1],
    [['--remote=https://admin.example', 'leads', 'show'], 1],
    [['--help'], 24],
    [['kees'], 24],
    [['constructor'], 24],
  ])('%j loads %i commands', async (args, count) => {
    expect((await gavelProgram(args)).commands).toHaveLength(count);
  });

  it('lists the exit codes', async () => {
    let printed = '';
    (await gavelProgram()).configureOutput({ writeOut: (text) => (printed += text) }).outputHelp();
    expect(printed).toContain(
      'Exit codes: 0 done, 1 failed, with a message on standard error, 2 wrong usage.',
    );
  });
});
