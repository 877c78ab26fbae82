import { pointInTime } from './pointInTime.js';

/** A date and time with its offset (`2026-12-01T09:00:00-06:00`, `2026-12-01T15:00Z`) as UTC ms; undefined if it is something else. */
export const parseInstant = (text: string): number | undefined =>
  text.includes('T') ? pointInTime(text)?.getTime() : undefined;

/** UTC ms as the market file writes them: `2026-12-01T15:00:00Z`. */
export const formatInstant = (at: number): string => new Date(at).toISOString().replace('.000', '');
