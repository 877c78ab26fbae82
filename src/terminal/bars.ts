export interface Bar {
  name: string;
  value: number;
  label: string;
  color: (text: string) => string;
}

const LONGEST = 40;
/** A character of a bar by how many eighths of it are full. */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Bars below each other, the longest as wide as a terminal has room for beside names and labels. */
export function bars(all: readonly Bar[]): string {
  const most = Math.max(...all.map(({ value }) => value));
  const wide = Math.max(...all.map(({ name }) => name.length));
  return all
    .map(({ name, value, label, color }) => `${name.padEnd(wide)}  ${color(bar(value, most))} ${label}`)
    .join('\n');
}

function bar(value: number, most: number): string {
  const eighths = most > 0 ? Math.round((Math.max(0, value) / most) * LONGEST * 8) : 0;
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}
