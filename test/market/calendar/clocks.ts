import fc from 'fast-check';

/** Zones whose clocks change by an hour, by half an hour, at midnight, for a month of the year, never; and odd offsets. */
export const ZONES = [
  'America/Chicago',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'America/St_Johns',
  'Pacific/Chatham',
  'America/Santiago',
  'Asia/Beirut',
  'Africa/Casablanca',
  'Pacific/Kiritimati',
  'UTC',
];

export const timezone = fc.constantFrom(...ZONES);

const MINUTE = 60_000;

/** Any time from 2024 to 2030, half of them close to clock changes: the hours around a Saturday's midnight. */
export const moment = fc.oneof(
  fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2031, 0, 1) }),
  fc
    .tuple(fc.integer({ min: 2817, max: 3180 }), fc.integer({ min: -12 * 60, max: 36 * 60 }))
    .map(([week, minute]) => Date.UTC(1970, 0, 3) + (week * 7 * 24 * 60 + minute) * MINUTE),
);

const formats = new Map<string, Intl.DateTimeFormat>();

/** The wall time by the platform's own calendar: `Sun 2026-11-01 01:30`. */
export function shown(zone: string, at: number): string {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      weekday: 'short',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
  formats.set(zone, format);
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${part.weekday} ${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute}`;
}

/** Parses a time with its offset, `2026-11-01T01:30-05:00`, into UTC ms. */
export function at(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new Error(`${text} is no moment`);
  return ms;
}

/** Formats a time for test output. */
export const iso = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString().replace(':00.000Z', 'Z');
