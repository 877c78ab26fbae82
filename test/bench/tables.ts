import { colors, table } from '../../src/terminal/print.js';
import type { Aim, Figure } from './aims.js';

/** A table with its head in the first row, under a title. */
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

/** `2.2 (2.1–2.4)`; one value where the repetitions do not differ. */
export function spread({ median, least, most }: Figure): string {
  const [from, to] = [rounded(least), rounded(most)];
  return from === to ? rounded(median) : `${rounded(median)} (${from}–${to})`;
}

/** As many digits as anybody can use. */
export const rounded = (value: number): string =>
  Number.isNaN(value)
    ? 'none'
    : value.toFixed(Number.isInteger(value) ? 0 : value < 10 ? 2 : value < 100 ? 1 : 0);
