/** A figure over the repetitions of one run. */
export interface Figure {
  median: number;
  least: number;
  most: number;
}

/** An aim: the limit, the measured figure, and whether it is met. */
export interface Aim {
  aim: string;
  wanted: string;
  measured: Figure;
  met: boolean;
}

export const atMost = (limit: number, aim: string, measured: Figure): Aim => ({
  aim,
  wanted: `≤ ${limit}`,
  measured,
  met: measured.median <= limit,
});

export const atLeast = (limit: number, aim: string, measured: Figure): Aim => ({
  aim,
  wanted: `≥ ${limit}`,
  measured,
  met: measured.median >= limit,
});

/** The figure of the measured values; NaN, a failed measurement, is left out. */
export function figure(measured: number[]): Figure {
  const values = measured.filter((value) => !Number.isNaN(value));
  if (values.length === 0) return { median: NaN, least: NaN, most: NaN };
  return { median: percentile(values, 50), least: Math.min(...values), most: Math.max(...values) };
}

/** A figure that was measured once. */
export const once = (value: number): Figure => figure([value]);

/** Percentile by nearest rank; NaN without values. */
export function percentile(values: number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? NaN;
}

export interface Times {
  p50_ms: number;
  p99_ms: number;
}

export const timesOf = (pieces: readonly { ms: number }[]): Times => {
  const all = pieces.map(({ ms }) => ms);
  return { p50_ms: percentile(all, 50), p99_ms: percentile(all, 99) };
};

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
export const mean = (values: readonly number[]): number => sum(values) / values.length;
