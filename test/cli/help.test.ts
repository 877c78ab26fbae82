import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { gavelProgram } from '../../src/cli/program.js';

/** Commands that do something, by how they are typed: "keys create". */
function leaves(command: Command, above: string[] = []): [string, Command][] {
  return command.commands.flatMap((each): [string, Command][] => {
    const name = [...above, each.name()];
    return each.commands.length > 0 ? leaves(each, name) : [[name.join(' '), each]];
  });
}

const commands = leaves(gavelProgram());

describe('gavel --help', () => {
  it.each(commands)('%s says what it does, and what each argument and option is', (_name, command) => {
    const help = command.helpInformation();
    expect(command.description()).toMatch(/^\S.*\S$/s);
    for (const { description } of [...command.registeredArguments, ...command.options])
      expect(description).not.toBe('');
    expect(help).not.toContain('default: false');
  });

  it('every command of Gavel’s own that ends by itself can print JSON; services log it', () => {
    const without = commands.filter(([, { options }]) => !options.some(({ long }) => long === '--json'));
    expect(without.map(([name]) => name)).toEqual(['api', 'admin', 'worker', 'temporal']);
  });

  it('tells the exit codes', () => {
    let printed = '';
    gavelProgram()
      .configureOutput({ writeOut: (text) => (printed += text) })
      .outputHelp();
    expect(printed).toContain(
      'Exit codes: 0 done, 1 failed, with a message on standard error, 2 wrong usage.',
    );
  });
});
