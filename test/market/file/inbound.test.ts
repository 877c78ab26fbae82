import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { PRESETS } from '../../../src/market/file/inboundValues.js';
import { marketInFile } from '../../../src/market/file/marketInFile.js';
import { changeMarket, readMarketFile } from '../../../src/market/file/changeMarket.js';
import { parseMarket } from '../../support/parseMarket.js';

/** A market with one source, whose mapping stands behind `inbound:`. */
const market = (inbound: string): string => `sellers:
  - code: ACME1234
    slug: acme
    name: Acme
    sources:
      forms:
        inbound: ${inbound}
`;

const faultsOf = (text: string): string[] => {
  const read = parseMarket(text);
  return 'faults' in read ? read.faults.map(({ path, message }) => `${path}: ${message}`) : [];
};

const FORMS = 'sellers[0].sources.forms.inbound';

describe('A mapping is refused with its place and a remedy', () => {
  test.each<[inbound: string, fault: RegExp]>([
    ['{ preset: typform }', /preset: "typform" is not a preset .*did you mean typeform/],
    ['{ fields: { phone: { form: tel } } }', /phone.form: .*has no key "form"; did you mean from/],
    ['{ fields: { phone: { from: a..b } } }', /phone.from: "a..b" can't be read as a path at character 3/],
    ['{ fields: { phone: { from: a, const: b } } }', /fields.phone: needs exactly one of from/],
    ['{ fields: { phone: { as: phone } } }', /fields.phone: needs exactly one of from/],
    ['{ fields: { phone: { from: a, as: phon } } }', /"phon" is not a kind of value .*did you mean phone/],
    ['{ fields: { dob: { from: a, order: dmy } } }', /dob.order: is for dates and times/],
    ['{ fields: { dob: { from: a, as: date, format: MM/YYYY } } }', /format: lacks day, month or year/],
    ['{ fields: { 1st: { from: a } } }', /"1st" is not the name of a field/],
    ['{ once: "a[" }', /once: "a\[" can't be read as a path/],
    ['{ address: false, fields: { phone: { from: a } } }', /address: is off and nothing proves who sends/],
    ['{ preset: typeform, secret: hush }', /secret: "hush" is not the name of a secret/],
    ['{ challenge: { kind: meta } }', /challenge: is answered with a secret/],
    ['{ prove: { hmac: sha256, header: x } }', /prove: a signature needs header and encoding/],
    [
      "{ prove: { hmac: sha256, header: x, encoding: hex, over: '{timestamp}', secret: '{{secret:A}}' } }",
      /prove: signs no \{body\}/,
    ],
    ['{ prove: { field: key } }', /prove: needs equals/],
    [
      '{ fields: { phone: { from: tel } }, sample: "{\\"tal\\":1}" }',
      /fields.phone: is missing from the sample: nothing at tel; there is "tal"/,
    ],
    ['{ sample: hello }', /sample: is neither JSON nor a form/],
  ])('%s', (inbound, fault) => {
    expect(faultsOf(market(inbound))).toEqual([expect.stringMatching(fault)]);
    expect(faultsOf(market(inbound))[0]).toContain(FORMS);
  });

  test('a second source of one name, because their addresses were the same', () => {
    const other = market('{ open: true }')
      .replace('ACME1234', 'GLOBEX00')
      .replace('slug: acme', 'slug: globex');
    const both = market('{ open: true }') + other.replace('sellers:\n', '');
    expect(faultsOf(both)).toEqual([expect.stringMatching(/has the address \/in\/forms/)]);
  });
});

test('A mapping is written as it was read', () => {
  const text = market(
    `{ preset: typeform, once: [a, b], test: { from: t, is: true }, prove: { header: x-key, equals: '{{secret:A}}' }, fields: { phone: { from: [a, b], as: phone }, owner: { from: o, lookup: { 'Own. it': yes }, else: drop }, at: { now: true, when: { from: c, is: [true, 'ok'] } } }, sample: a=2145550187&o=2 }`,
  ).replace('yes }', "'yes' }");
  const read = parseMarket(text);
  if ('faults' in read) throw new Error(JSON.stringify(read.faults));
  const again = parseMarket(stringify(marketInFile(read.market)));
  expect(again).toEqual(read);
});

test('A field that is mapped again keeps nothing of its former mapping', () => {
  const before = parseMarket(market('{ fields: { phone: { from: a, as: phone }, zip: { from: z } } }'));
  if ('faults' in before) throw new Error(JSON.stringify(before.faults));
  const text =
    'sellers: [{ code: ACME1234, sources: { forms: { inbound: { fields: { phone: { join: [b, c] } } } } } }]';
  const after = changeMarket(readMarketFile(text), before.market);
  if (!('changed' in after)) throw new Error(JSON.stringify(after.faults));
  expect(after.changed.terms.sellers[0]?.sources?.forms?.inbound?.fields).toEqual({
    phone: { join: ['b', 'c'] },
    zip: { from: ['z'] },
  });
});

describe('A preset is what a market file may say', () => {
  test.each([...PRESETS.keys()])('%s', (name) => {
    expect(faultsOf(market(`{ preset: ${name} }`))).toEqual([]);
  });
});
