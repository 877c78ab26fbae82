import { expect, test } from 'vitest';
import { cautionsOf } from '../../../src/market/file/cautions.js';
import { parseMarket } from '../../support/parseMarket.js';

function cautions(terms: string, retentionDays?: number): string[] {
  const read = parseMarket(`
sellers: [{ code: ACME1234, slug: acme, name: Acme }]
buyers: [{ id: northwind, name: N, ping: { url: https://n.example/, timeoutMs: 500 }, post: { url: https://n.example/, timeoutMs: 500 } }]
campaigns:
  - { seller: ACME1234, category: Auto, ${terms} }
`);
  if (!('market' in read)) throw new Error(JSON.stringify(read.faults));
  return cautionsOf(read.market, retentionDays);
}

test('Applying a market warns about personal data in its pings', () => {
  expect(cautions('retention: 90d, contracts: [{ buyer: northwind, ping: { hashes: [phone] } }]')).toEqual([
    expect.stringMatching(
      /^Every ping of ACME1234\/auto\/northwind tells its buyer 16 bits .*--buyer ID/,
    ) as string,
  ]);
  expect(cautions('retention: 90d, contracts: [{ buyer: northwind, ping: { fields: [zip] } }]')).toEqual([]);
});

test('Applying a market warns about a campaign without a retention period', () => {
  expect(cautions('contracts: [{ buyer: northwind }]')).toEqual([
    'Persons of ACME1234/auto are kept until you erase them: set `retention` or RETENTION_DAYS (0 if this is meant).',
  ]);
  for (const [terms, days] of [
    ['retention: 90d', undefined],
    ['active: true', 30],
    ['active: true', 0],
  ] as const)
    expect(cautions(terms, days)).toEqual([]);
});
