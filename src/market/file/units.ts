/** Which keys of the market file are amounts of the currency, and which are durations; all other numbers are plain. */
const MONEY =
  /(^|\.)(floor|sharedFloor|instantBuy|price|sharedPrice|ceiling|balance|lowBalance|fixed|from|budget\.\w+)$/;
const DURATION = /(^|\.)(delay|until|after|expireAfter|retryAfter|within|spacing|retention)$/;

/** @param path keys joined by dots, places in lists left out or in brackets behind their key */
export const isMoney = (path: string): boolean => MONEY.test(path);
export const isDuration = (path: string): boolean => DURATION.test(path);
