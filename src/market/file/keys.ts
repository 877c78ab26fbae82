import { REQUIRED_BY_DEFAULT } from '../fields/standardFields.js';

/** A map of a market file by its keys, each value as the file writes it. */
export type Keys = Record<string, unknown>;

export const isMap = (value: unknown): value is Keys =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value that should be a text, before it is checked; blank if it is a list or a map, which may have no text. */
export const asText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';

/** The maps of a list; of anything else, none. */
export const listOf = (value: unknown): Keys[] => (Array.isArray(value) ? value.filter(isMap) : []);

/** The lists of a market file. */
export const LISTS = ['sellers', 'buyers', 'campaigns'] as const;

/** A whole market by its keys; an entry that can't be read is undefined. */
export type MarketKeys = Record<(typeof LISTS)[number], (Keys | undefined)[]>;

/**
 * Keys of the market file that are amounts of the currency, durations or points in time. All other numbers are plain.
 */
const MONEY =
  /(^|\.)(floor|sharedFloor|instantBuy|price|sharedPrice|ceiling|balance|lowBalance|fixed|from|budget\.\w+)$/;
const DURATION = /(^|\.)(delay|until|after|expireAfter|retryAfter|within|spacing|retention)$/;
const INSTANT = /(^|\.)pausedUntil$/;

/** @param path keys joined by dots, places in lists left out or in brackets behind their key */
export const isMoney = (path: string): boolean => MONEY.test(path) && !isForeign(path);
export const isDuration = (path: string): boolean => DURATION.test(path) && !isForeign(path);
export const isInstant = (path: string): boolean => INSTANT.test(path) && !isForeign(path);

/** The names in a buyer's protocol are the buyer's own, and those of a source's address are of its sender. */
const isForeign = (path: string): boolean => /(^|\.)(protocol|inbound)\./.test(path);

/** The defaults of a campaign, as the file would write them. */
export const DEFAULTS = {
  active: true,
  currency: 'USD',
  required: [...REQUIRED_BY_DEFAULT],
  floor: 0,
  maxBuyers: 3,
  noticeTimeoutMs: 3000,
  /** Of a step of a protocol that has an address of its own. */
  stepTimeoutMs: { ping: 1000, post: 10_000, status: 10_000 },
  outletTimeoutMs: 10_000,
  retryAfter: ['1m', '5m', '30m', '2h', '12h', '24h'],
  expireAfter: '72h',
};
