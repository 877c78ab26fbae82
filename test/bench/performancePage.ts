import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/packageRoot.js';
import type { Chart } from './charts.js';
import { asMarkdown, type Section } from './tables.js';
import type { Machine } from './usage.js';

const PAGE = join(packageRoot, 'docs', 'performance.md');
const fileOf = (name: string): string => `images/bench-${name}.svg`;

/** The figures of one kind of run. */
export interface Figures {
  /** Names the place in the page. */
  kind: string;
  machine: Machine;
  sections: Section[];
  charts: Record<string, Chart>;
}

/** Writes the figures into docs/performance.md, and the charts beside it. */
export function writeFigures(figures: Figures): void {
  for (const [name, { svg }] of Object.entries(figures.charts))
    writeFileSync(join(packageRoot, 'docs', fileOf(name)), svg);
  writeFileSync(PAGE, withFigures(readFileSync(PAGE, 'utf8'), figures));
}

/**
 * The page with new figures between the comments of their kind.
 * @throws Error if it has no place for them
 */
export function withFigures(page: string, { kind, machine, sections, charts }: Figures): string {
  const [before, after] = [`<!-- figures: ${kind} -->`, `<!-- end: ${kind} -->`];
  const [from, to] = [page.indexOf(before), page.indexOf(after)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no place for the figures of ${kind}`);
  const images = Object.entries(charts).map(([name, { title }]) => `![${title}](${fileOf(name)})`);
  const parts = [
    `Measured on ${machine.cpus} cores with Node ${machine.node.slice(1)}.`,
    ...images,
    asMarkdown(sections),
  ];
  return `${page.slice(0, from)}${before}\n\n${parts.join('\n\n')}\n\n${page.slice(to)}`;
}
