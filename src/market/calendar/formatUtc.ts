/** A point in time for people, to the second: `2026-11-24 14:33:05 UTC`. Numbers are UTC ms. */
export const moment = (at: Date | number): string =>
  `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
