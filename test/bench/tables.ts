import { colors, table } from '../../src/terminal/print.js';
import type { Aim, Figure } from './aims.js';

/** A titled table with its head in the first row. */
export interface Section {
  title: string;
  rows: string[][];
}

/** The sections for a terminal. */
export const asText = (sections: readonly Section[]): string =>
  sections
    .map(({ title, rows: [head = [], ...rows] }) => `${colors.bold(title)}\n${table(head, rows)}`)
    .join('\n\n');

/** The sections for a Markdown page, with aligned columns. */
export const asMarkdown = (sections: readonly Section[]): string =>
  sections.map(({ title, rows }) => `**${title}**\n\n${markdownTable(rows)}`).join('\n\n');

function markdownTable([head = [], ...rows]: string[][]): string {
  const widths = head.map((text, i) => Math.max(3, text.length, ...rows.map((row) => (row[i] ?? '').length)));
  const line = (cells: string[]): string =>
    `| ${widths.map((width, i) => (cells[i] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

export const aimsSection = (aims: readonly Aim[]): Section => ({
  title: 'Aims',
  rows: [
    ['aim', 'wanted', 'measured', ''],
    ...aims.map(({ aim, wanted, measured, met }) => [aim, wanted, spread(measured), met ? 'met' : 'missed']),
  ],
});

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
