const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration as the market file writes it (`30s`, `15m`, `2h`, `3d`), in ms; undefined if it is not a duration. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const size = UNITS[unit];
  return size === undefined ? undefined : Number(count) * size;
}

/** Milliseconds as the market file writes them, in the largest unit that holds them whole; days from 3 on: `72h`, `4d`. */
export function formatDuration(ms: number): string {
  const units = Object.entries(UNITS).reverse();
  const [unit, size] = units.find(([name, size]) => ms % size === 0 && (name !== 'd' || ms > 3 * size)) ?? [
    's',
    1000,
  ];
  return `${ms / size}${unit}`;
}
