import { expect, test } from 'vitest';
import { bandOf } from '../../../src/market/wording/notices.js';

test.each([
  [4500, 'USD', '40-50'],
  [1000, 'USD', '10-20'],
  [9999, 'USD', '90-100'],
  [725, 'USD', '7-8'],
  [45, 'USD', '0.4-0.5'],
  [3, 'USD', '0-0.1'],
  [4500, 'JPY', '4000-5000'],
])('%i %s is shown as the band %s, never as a single price', (price, currency, band) => {
  expect(bandOf(price, currency)).toBe(band);
});
