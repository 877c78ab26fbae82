/** A map of a market file by its keys, each value as the file writes it. */
export type Keys = Record<string, unknown>;

export const isMap = (value: unknown): value is Keys =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The maps of a list; of anything else, none. */
export const listOf = (value: unknown): Keys[] => (Array.isArray(value) ? value.filter(isMap) : []);

/** A whole market by its keys. */
export interface MarketKeys {
  sellers: Keys[];
  buyers: Keys[];
  campaigns: Keys[];
}
