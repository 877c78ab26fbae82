/** A map of a market file by its keys, each value as the file writes it. */
export type Keys = Record<string, unknown>;

export const isMap = (value: unknown): value is Keys =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The maps of a list; of anything else, none. */
export const listOf = (value: unknown): Keys[] => (Array.isArray(value) ? value.filter(isMap) : []);

/** The lists of a market file. */
export const LISTS = ['sellers', 'buyers', 'campaigns'] as const;

/** A whole market by its keys; an entry that can't be read is undefined. */
export type MarketKeys = Record<(typeof LISTS)[number], (Keys | undefined)[]>;
