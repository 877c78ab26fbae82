/** An ISO 8601 date, or date and time. Undefined if it is anything else, or if the month does not have that day. */
export function parseIsoTime(text: string): Date | undefined {
  const isIso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  const at = new Date(text);
  const exists = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10));
  return isIso && exists && !Number.isNaN(at.getTime()) ? at : undefined;
}

/** A date and time with its offset (`2026-12-01T09:00:00-06:00`, `2026-12-01T15:00Z`) as UTC ms; undefined if it is something else. */
export const parseInstant = (text: string): number | undefined =>
  text.includes('T') ? parseIsoTime(text)?.getTime() : undefined;

/** UTC ms as the market file writes them: `2026-12-01T15:00:00Z`. */
export const formatInstant = (at: number): string => new Date(at).toISOString().replace('.000', '');

/** A point in time for people, to the second: `2026-11-24 14:33:05 UTC`. Numbers are UTC ms. */
export const formatUtc = (at: Date | number): string =>
  `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
