import { findChromium } from '../../scripts/findChromium.js';

/**
 * Path of the browser, for `describe.skipIf(chromium === undefined)`. In CI a missing browser is a failure, because
 * skipped tests would go unnoticed.
 */
export const chromium = findChromium();

if (chromium === undefined && process.env.CI === 'true') {
  throw new Error('There is no Chromium for the browser tests: install it, or set CHROMIUM_PATH.');
}
