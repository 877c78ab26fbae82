import { describe, expect, test } from 'vitest';
import { changeMarket, EMPTY, marketFileOf, readMarketFile } from '../../../src/market/file/changeMarket.js';
import { faultText } from '../../../src/market/file/fault.js';
import { marketInFile } from '../../../src/market/file/marketInFile.js';
import { warningKey, warningsOf } from '../../../src/market/file/warnings.js';
import type { Market } from '../../../src/market/model/market.js';

const withBuyer = (buyer: string, contract = ''): string => `sellers:
  - { code: ACME1234, slug: acme, name: Acme }
buyers:
  - id: northwind
    name: Northwind
${buyer
  .trim()
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}
campaigns:
  - seller: ACME1234
    category: Auto Insurance
    contracts:
      - { buyer: northwind, price: 10.00${contract} }
`;

function faultsOf(text: string, market = EMPTY): string[] {
  const result = changeMarket(readMarketFile(text), market);
  return 'faults' in result ? result.faults.map((fault) => faultText('market.yaml', fault)) : [];
}

function marketOf(text: string, before = EMPTY): Market {
  const result = changeMarket(readMarketFile(text), before);
  if ('changed' in result) return result.changed.terms;
  throw new Error(result.faults.map((fault) => faultText('market.yaml', fault)).join('\n'));
}

const OWN = `
protocol:
  ping:
    request: { url: 'https://buyer.example/ping', form: { zip: '{{ lead.zip | zip5 }}', price: 12 } }
    answer: { bid: { at: price }, bidWhen: { at: ok, is: true } }
  post:
    request: { url: 'https://buyer.example/post', timeoutMs: 4000, json: { id: '{{ ping.id }}', until: 5 } }
    answer: { acceptedWhen: { at: ok, is: true } }
`;

describe('A market file with a buyer’s own protocol', () => {
  test('gives the buyer the addresses of its steps', () => {
    const [buyer] = marketOf(withBuyer(OWN)).buyers;
    expect(buyer).toMatchObject({
      ping: { url: 'https://buyer.example/ping', timeoutMs: 1000 },
      post: { url: 'https://buyer.example/post', timeoutMs: 4000 },
      status: undefined,
    });
  });

  test('is the same when it is written out and read again', () => {
    const market = marketOf(withBuyer(OWN));
    const written = changeMarket(marketFileOf(marketInFile(market)), EMPTY);
    expect('changed' in written && written.changed.terms).toEqual(market);
  });

  test('merges a change into the protocol, and null removes a name', () => {
    const before = marketOf(withBuyer(OWN));
    const change = `buyers:
  - id: northwind
    protocol: { ping: { request: { form: { zip: null, state: { value: '{{ lead.state }}', blank: null } } } } }`;
    expect(marketOf(change, before).buyers[0]?.protocol?.ping?.request?.form).toEqual({
      price: 12,
      state: { value: '{{ lead.state }}', blank: 'null' },
    });
  });

  test('takes a preset, its values and a contract’s own', () => {
    const buyer = `
post: { url: 'https://buyer.example/post', timeoutMs: 4000 }
protocol: { preset: cake, values: { source: gavel } }
`;
    expect(faultsOf(withBuyer(buyer, ', protocol: { values: { campaign: 2 } }'))).toEqual([]);
  });

  test.each([
    [
      `protocol: { preset: boberdo-xml }\npost: { url: 'https://b.example/', timeoutMs: 800 }`,
      'market.yaml:6:25  buyers[0].protocol.preset: there is no preset "boberdo-xml"; did you mean boberdoo-xml?',
    ],
    [
      `protocol: { preset: cake }\npost: { url: 'https://b.example/', timeoutMs: 800 }`,
      'market.yaml:6:15  buyers[0].protocol: uses values.campaign, values.source, which are not set; add values: { campaign: …, source: … }',
    ],
    [
      `${OWN}  status: { request: { query: { id: '{{ post.id }}' } }, answer: { acceptedWhen: { at: ok, is: true } } }`,
      'market.yaml:13:15  buyers[0].protocol.status: has no address; give the buyer a status, or the request a url',
    ],
    [
      `name2: x`,
      'market.yaml:4:5  buyers[0].post: is missing; a buyer needs it, or an outlet in each of its contracts',
    ],
    [
      `${OWN}post: { url: 'https://b.example/', timeoutMs: 800 }`,
      'buyers[0].protocol.post.request.url: is the address of the post, and the buyer’s post has one; remove one of them',
    ],
    [
      OWN.replace('lead.zip | zip5', 'lead.firstName'),
      'market.yaml:8:68  buyers[0].protocol.ping.request.form.zip: "lead.firstName" says who the person is, which no ping does; remove it',
    ],
    [
      OWN.replace('zip5', 'zip4'),
      'buyers[0].protocol.ping.request.form.zip: there is no filter "zip4"; did you mean zip5?',
    ],
    [
      OWN.replace('until: 5', 'until: [5, ~]'),
      'buyers[0].protocol.post.request.json.until[1]: has no value; write one, or remove it',
    ],
    [
      OWN.replace('until: 5', 'until: &a { again: *a }'),
      '*a is within what it repeats, which would never end; remove it',
    ],
    [
      OWN.replace('acceptedWhen', 'acceptWhen'),
      'buyers[0].protocol.post.answer.acceptWhen: an answer mapping has no key "acceptWhen"; did you mean acceptedWhen?',
    ],
    [
      OWN.replace('at: price', 'at: "price["'),
      'buyers[0].protocol.ping.answer.bid.at: "price[" can\'t be read as a path at character 7',
    ],
    [
      `${OWN}    samples: [{ body: '{"ok":false}', means: refused }, { body: '{"ok":true}', means: accepted }]`,
      'market.yaml:13:50  buyers[0].protocol.post.samples[0].means: is refused, but the answer is read as unclear (the answer fits none of acceptedWhen)',
    ],
    [
      OWN.replace('https://buyer.example/post', 'ftp://buyer.example/post'),
      'buyers[0].protocol.post.request.url: "ftp://buyer.example/post" is not an http or https address',
    ],
  ])('has faults with place and remedy: %s', (buyer, fault) =>
    expect(faultsOf(withBuyer(buyer)).join('\n')).toContain(fault),
  );

  test('needs a confirmation before requests go to another host', () => {
    const before = marketOf(withBuyer(OWN));
    const after = marketOf(withBuyer(OWN.replaceAll('buyer.example', 'other.example')), before);
    const oauth = `buyers: [{ id: northwind, protocol: { post: { request: { auth: { oauth2: { tokenUrl: 'https://auth.example/', clientId: a, clientSecret: b } } } } } }]`;
    const warned = (now: Market) => warningsOf(before, now, 0).get(warningKey('buyer', 'northwind'));
    expect(warned(after)).toEqual(['moves its ping to other.example, post to other.example']);
    expect(warned(marketOf(oauth, before))).toEqual(['sends its requests to auth.example']);
    expect(warned(before)).toBeUndefined();
  });

  test('refuses addresses that the settings do not allow, but not fields of these names', () => {
    const text = withBuyer(OWN.replace('price: 12', "url: 'http://10.0.0.1/'"));
    const refusal = (url: string): string | undefined =>
      url.includes('10.0.0.1') ? 'it is private' : undefined;
    const at = (file: string) => changeMarket(readMarketFile(file), EMPTY, { urlRefusal: refusal });
    expect('changed' in at(text)).toBe(true);
    const result = at(text.replace('https://buyer.example/post', 'http://10.0.0.1/post'));
    expect('faults' in result && result.faults[0]?.message).toContain("can't be used: it is private");
  });
});
