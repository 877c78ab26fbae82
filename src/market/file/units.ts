/** Which keys of the market file are amounts of the currency, durations and points in time; all other numbers are plain. */
const MONEY =
  /(^|\.)(floor|sharedFloor|instantBuy|price|sharedPrice|ceiling|balance|lowBalance|fixed|from|budget\.\w+)$/;
const DURATION = /(^|\.)(delay|until|after|expireAfter|retryAfter|within|spacing|retention)$/;
const INSTANT = /(^|\.)pausedUntil$/;

/** @param path keys joined by dots, places in lists left out or in brackets behind their key */
export const isMoney = (path: string): boolean => MONEY.test(path);
export const isDuration = (path: string): boolean => DURATION.test(path);
export const isInstant = (path: string): boolean => INSTANT.test(path);
