import { findChromium } from '../../src/local/findChromium.js';

/**
 * The browser's program for `describe.skipIf(chromium === undefined)`. Where CI runs the tests its absence is a
 * failure: nobody would see that they were skipped.
 */
export const chromium = findChromium();

if (chromium === undefined && process.env.CI === 'true') {
  throw new Error('There is no Chromium for the browser tests: install it, or set CHROMIUM_PATH.');
}
