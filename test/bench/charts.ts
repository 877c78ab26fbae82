/** A chart as SVG, with what it shows in words. */
export interface Chart {
  title: string;
  svg: string;
}

/** Readable on white and on black. */
const COLOURS = ['#3b82f6', '#d97706', '#059669', '#a855f7', '#6b7280', '#e11d48', '#0891b2', '#84a00d'];

const [WIDTH, HEIGHT] = [760, 340];
const PLOT = { left: 64, right: 744, top: 66, bottom: 284 };
const TICKS = 4;

/** A chart has a background of its own, so that it does not depend on the page's. */
const STYLE = `
  .paper { fill: #ffffff } .grid { stroke: #d4d4d8 } text { fill: #27272a; font: 13px system-ui, sans-serif }
  .title { font-weight: 600; font-size: 15px } .value { font-size: 11px }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #18181b } .grid { stroke: #3f3f46 } text { fill: #e4e4e7 }
  }`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const text = (x: number, y: number, words: string, { anchor = 'middle', kind = '' } = {}): string =>
  `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${kind && ` class="${kind}"`}>${escaped(words)}</text>`;

const round = (value: number): number => Math.round(value * 10) / 10;

/** A short number: `0.25`, `8.1`, `120`, `12k`. */
export const short = (value: number): string =>
  value >= 10_000
    ? `${round(value / 1000)}k`
    : String(value >= 100 ? Math.round(value) : value >= 1 ? round(value) : Math.round(value * 100) / 100);

/** The least of 1, 2, 2.5 and 5, times a power of ten, of which TICKS reach `most`. */
function step(most: number): number {
  const least = (most || 1) / TICKS;
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= least) ?? 10);
}

interface Axes {
  title: string;
  /** The unit of the vertical axis. */
  unit: string;
  /** Names in the legend, in the order of their colours. */
  names: readonly string[];
  most: number;
}

/** Draws all but the data, and gives the height of a value to `draw`. */
function chart({ title, unit, names, most }: Axes, draw: (y: (value: number) => number) => string[]): Chart {
  const each = step(most);
  const y = (value: number): number => PLOT.bottom - (value / (each * TICKS)) * (PLOT.bottom - PLOT.top);
  const ticks = Array.from({ length: TICKS + 1 }, (_, i) => i * each).map(
    (value) =>
      `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${round(y(value))}" y2="${round(y(value))}"/>${text(PLOT.left - 8, y(value) + 4, short(value), { anchor: 'end' })}`,
  );
  let x = PLOT.left;
  const legend = names.map((name, i) => {
    const entry = `<rect x="${x}" y="38" width="11" height="11" fill="${colour(i)}"/>${text(x + 16, 48, name, { anchor: 'start' })}`;
    x += 40 + name.length * 7;
    return entry;
  });
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="paper" width="${WIDTH}" height="${HEIGHT}" rx="6"/>`,
    text(16, 24, `${title}, ${unit}`, { anchor: 'start', kind: 'title' }),
    ...(names.length > 1 ? legend : []),
    ...ticks,
    ...draw(y),
    '</svg>',
  ];
  return { title, svg: `${parts.join('\n')}\n` };
}

const colour = (index: number): string => COLOURS[index % COLOURS.length] ?? '';

/** A group of bars: a value for each name; NaN is left out. */
export interface Bars {
  label: string;
  values: readonly number[];
}

interface BarChart {
  title: string;
  unit: string;
  names: readonly string[];
  groups: readonly Bars[];
  /** Puts the bars of a group on top of one another. */
  stacked?: boolean;
}

export function barChart({ title, unit, names, groups, stacked = false }: BarChart): Chart {
  const heights = groups.map(({ values }) => {
    const known = values.filter((value) => !Number.isNaN(value));
    return stacked ? known.reduce((total, value) => total + value, 0) : Math.max(0, ...known);
  });
  return chart({ title, unit, names, most: Math.max(0, ...heights) }, (y) => {
    const space = (PLOT.right - PLOT.left) / groups.length;
    const width = Math.min(54, (space * 0.8) / (stacked ? 1 : names.length));
    const bar = (x: number, from: number, to: number, index: number): string =>
      `<rect x="${round(x)}" y="${round(y(to))}" width="${round(width - 2)}" height="${round(y(from) - y(to))}" fill="${colour(index)}"/>`;
    return groups.flatMap(({ label, values }, g) => {
      const middle = PLOT.left + space * (g + 0.5);
      let under = 0;
      const bars = values.flatMap((value, i) => {
        if (Number.isNaN(value)) return [];
        const x = stacked ? middle - width / 2 : middle + (i - values.length / 2) * width;
        const drawn = bar(x, under, under + value, i);
        if (stacked) under += value;
        return stacked
          ? [drawn]
          : [drawn, text(x + width / 2, y(value) - 4, short(value), { kind: 'value' })];
      });
      const total = stacked ? [text(middle, y(under) - 4, short(under), { kind: 'value' })] : [];
      return [...bars, ...total, text(middle, PLOT.bottom + 20, label)];
    });
  });
}

export interface Line {
  name: string;
  /** x and y. */
  points: readonly (readonly [number, number])[];
}

interface LineChart {
  title: string;
  unit: string;
  /** What the horizontal axis counts. */
  across: string;
  lines: readonly Line[];
}

export function lineChart({ title, unit, across, lines }: LineChart): Chart {
  const points = lines.flatMap((line) => line.points);
  const names = lines.map(({ name }) => name);
  const last = Math.max(...points.map(([x]) => x), 0) || 1;
  return chart({ title, unit, names, most: Math.max(0, ...points.map(([, y]) => y)) }, (y) => {
    const x = (value: number): number => PLOT.left + (value / last) * (PLOT.right - PLOT.left);
    const marks = Array.from({ length: TICKS + 1 }, (_, i) => (last * i) / TICKS).map((value) =>
      text(x(value), PLOT.bottom + 20, short(value)),
    );
    const drawn = lines.map(
      (line, i) =>
        `<polyline fill="none" stroke="${colour(i)}" stroke-width="2" points="${line.points.map(([at, value]) => `${round(x(at))},${round(y(value))}`).join(' ')}"/>`,
    );
    return [...marks, text((PLOT.left + PLOT.right) / 2, PLOT.bottom + 42, across), ...drawn];
  });
}
