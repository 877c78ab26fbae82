import { isatty } from 'node:tty';
import Table from 'cli-table3';
import pc from 'picocolors';

/** Colours on a terminal, none in a pipe, in CI either, or where NO_COLOR is set (https://no-color.org). */
export const colors = pc.createColors(isatty(1) && !process.env.NO_COLOR);

export const print = (text: string): void => console.log(text);

export const printJson = (value: unknown): void => console.log(JSON.stringify(value, null, 2));

/** Columns under a heading, without lines: readable, and fit for grep. */
export function table(head: string[], rows: string[][]): string {
  const none = Object.fromEntries(
    ['top', 'bottom', 'mid', 'left', 'right'].flatMap((side) => [
      [side, ''],
      [`${side}-mid`, ''],
    ]),
  );
  const made = new Table({
    head: head.map((text) => colors.dim(text)),
    chars: { ...none, 'top-left': '', 'top-right': '', 'bottom-left': '', 'bottom-right': '', middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  made.push(...rows);
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
