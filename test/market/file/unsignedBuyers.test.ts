import { expect, test } from 'vitest';
import { readMarketFile } from '../../../src/market/file/changeMarket.js';
import { unsignedBuyers } from '../../../src/market/file/unsignedBuyers.js';

const ADDRESSES = "ping: { url: 'https://a.example' }, post: { url: 'https://a.example' }";

test.each([
  ['speaks Gavel’s protocol', ADDRESSES, false],
  ['has the requests of a preset', `${ADDRESSES}, protocol: { preset: boberdoo-xml }`, true],
  [
    'has its own ping and post',
    `${ADDRESSES}, protocol: { ping: { request: {} }, post: { request: {} } }`,
    true,
  ],
  ['has only its own post', `${ADDRESSES}, protocol: { post: { request: {} } }`, false],
  [
    'is asked by Gavel’s protocol',
    `${ADDRESSES}, status: { url: 'https://a.example' }, protocol: { preset: boberdoo-xml }`,
    false,
  ],
  ['gets notices', `${ADDRESSES}, protocol: { preset: boberdoo-xml }, notices: { events: [won] }`, false],
  ['has a wrong protocol', `${ADDRESSES}, protocol: 7`, false],
])('the owner of a buyer that %s needs its secret or not', (_what, terms, isUnsigned) => {
  const file = readMarketFile(`buyers: [{ id: old, ${terms} }]`);
  expect(unsignedBuyers(file)).toEqual(isUnsigned ? ['old'] : []);
});

test('a file without buyers, or without anything, has no unsigned ones', () => {
  expect(unsignedBuyers(readMarketFile('sellers: []'))).toEqual([]);
  expect(unsignedBuyers(readMarketFile(''))).toEqual([]);
});
