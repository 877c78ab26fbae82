import { describe, expect, test } from 'vitest';
import { parseMarket } from '../../support/parseMarket.js';
import { faultText } from '../../../src/market/file/fault.js';

/** A market whose only contract has this outlet, and its faults. */
function readOutlet(outlet: string, { price = 'price: 20.00, ', post = '' } = {}): unknown {
  const result = parseMarket(`
sellers: [{ code: ACME1234, slug: acme, name: Acme }]
buyers: [{ id: harbor, name: Harbor${post} }]
campaigns:
  - seller: ACME1234
    category: Solar
    contracts: [{ buyer: harbor, ${price}outlet: ${outlet} }]
`);
  return 'market' in result
    ? result.market.contracts[0]?.outlet
    : result.faults.map((fault) => faultText('', fault).replace(/^:\d+:\d+ */, ''));
}

const HOST_KEY = 'SHA256:uNiVztksCsDhcc0u9e8BrVQaatWXJIb0MTHQvPYsMmo';

describe('An outlet in a market file', () => {
  test('has a time limit, and its buyer needs no server', () => {
    expect(readOutlet('{ email: { to: [leads@harbor.example] } }')).toEqual({
      email: { to: ['leads@harbor.example'] },
      timeoutMs: 10_000,
    });
  });

  test.each(['1h', '08:00'])('may collect leads of an e-mail until %s', (digest) => {
    expect(readOutlet(`{ email: { to: [leads@harbor.example], digest: ${digest} } }`)).toMatchObject({
      email: { digest },
    });
  });

  test.each([
    ['no channel', '{ fields: [phone] }', 'needs one of email, sftp, s3, webhook, slack'],
    [
      'two channels',
      '{ slack: { url: "https://hooks.slack.com/x" }, webhook: { url: "https://a.example" } }',
      'has webhook and slack; keep one of them',
    ],
    [
      'a recipient that is not an address',
      '{ email: { to: ["a@b, c@d"] } }',
      '"a@b, c@d" is not an e-mail address',
    ],
    [
      'a digest that never comes',
      '{ email: { to: [a@b.example], digest: weekly } }',
      '"weekly" is not a duration from 5m to 24h, or a time of day',
    ],
    [
      'a header in a recipient',
      String.raw`{ email: { to: ["a@b.example\r\nBcc: c@d.example"] } }`,
      'is not an e-mail address',
    ],
    [
      'no host key',
      '{ sftp: { host: a.example, user: gavel } }',
      'hostKey: is missing; an outlet by SFTP needs it',
    ],
    [
      'a path out of its directory',
      `{ sftp: { host: a.example, user: gavel, hostKey: "${HOST_KEY}", directory: /in/../../etc } }`,
      'is not a path without ..',
    ],
    [
      'a key that could be a secret',
      '{ s3: { url: "https://s3.example", bucket: leads, region: x, key: "a:b" } }',
      'is not a name of S3_KEYS',
    ],
  ])('with %s is refused', (_what, outlet, message) => {
    expect(readOutlet(outlet)).toEqual([expect.stringContaining(message)]);
  });

  test('needs a price, because nobody is asked', () => {
    const ping =
      ", ping: { url: 'https://a.example', timeoutMs: 500 }, post: { url: 'https://a.example', timeoutMs: 500 }";
    expect(readOutlet('{ slack: { url: "https://hooks.slack.com/x" } }', { price: '', post: ping })).toEqual([
      'campaigns[0].contracts[0].outlet: takes no pings; give the contract a price',
    ]);
  });
});
