import { colors, table } from '../../src/terminal/print.js';
import type { Aim, Figure } from './aims.js';

/** A titled table with its head in the first row. */
export const section = (title: string, [head = [], ...rows]: string[][]): string =>
  `${colors.bold(title)}\n${table(head, rows)}`;

export const aimsTable = (aims: Aim[]): string =>
  section('Aims', [['aim', 'wanted', 'measured', ''], ...aims.map(aimRow)]);

const aimRow = ({ aim, wanted, measured, met }: Aim): string[] => [
  aim,
  wanted,
  spread(measured),
  met ? colors.green('met') : colors.red('not met'),
];

/** Formats `2.2 (2.1–2.4)`, or one value if the repetitions are equal. */
export function spread({ median, least, most }: Figure): string {
  const [from, to] = [rounded(least), rounded(most)];
  return from === to ? rounded(median) : `${rounded(median)} (${from}–${to})`;
}

/** Rounds to significant digits. */
export const rounded = (value: number): string =>
  Number.isNaN(value)
    ? 'none'
    : value.toFixed(Number.isInteger(value) ? 0 : value < 10 ? 2 : value < 100 ? 1 : 0);
