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

export function figure(values: number[]): Figure {
  if (values.length === 0) return { median: NaN, least: NaN, most: NaN };
  return { median: percentile(values, 50), least: Math.min(...values), most: Math.max(...values) };
}

/** Percentile by nearest rank; NaN without values. */
export function percentile(values: number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? NaN;
}
