import { describe, expect, test } from 'vitest';
import { readNumber } from '../../../src/market/fields/number.js';
import { boundsOf, readRange } from '../../../src/market/fields/range.js';
import {
  isMissing,
  postedFields,
  readableFields,
  standardField,
  textOf,
} from '../../../src/market/fields/standardFields.js';
import { readZip } from '../../../src/market/fields/zip.js';
import { contactOf, sentContact } from '../../../src/market/fields/personKeys.js';

const CERT = 'https://cert.trustedform.com/0a1b2c3d4e5f60718293a4b5c6d7e8f901234567';
const LEADID = '2D8A1F2C-6C1B-4B4E-9D0E-3F5A6B7C8D9E';
const NO_CERT = 'not a certificate address (https://cert.trustedform.com/…); kept as sent';
const NO_LEADID = 'not a LeadiD token (8-4-4-4-12 hexadecimal digits); kept as sent';

describe('A standard field', () => {
  test.each<[string, string, { value?: string; note?: string }]>([
    ['city', ' Fort  Worth ', { value: 'Fort  Worth' }],
    ['city', '東京', { value: '東京' }],
    ['city', 'St. 2', { value: 'St. 2' }],
    ['city', '75001', { note: 'not the name of a city; kept as sent' }],
    ['city', ' ', {}],
    ['trustedFormCertUrl', CERT, { value: CERT }],
    ['trustedFormCertUrl', CERT.replace('https', 'http'), { note: NO_CERT }],
    ['trustedFormCertUrl', CERT.replace('cert.', 'x.'), { note: NO_CERT }],
    ['trustedFormCertUrl', 'https://cert.trustedform.com/', { note: NO_CERT }],
    ['trustedFormCertUrl', 'cert', { note: NO_CERT }],
    ['jornayaLeadId', LEADID, { value: LEADID }],
    ['jornayaLeadId', LEADID.toLowerCase(), { value: LEADID.toLowerCase() }],
    ['jornayaLeadId', `${LEADID}0`, { note: NO_LEADID }],
    ['jornayaLeadId', `0${LEADID}`, { note: NO_LEADID }],
    ['jornayaLeadId', LEADID.replace('2D8A', '2X8A'), { note: NO_LEADID }],
    ['subId', 'none', {}],
    ['tcpaText', 'none', { value: 'none' }],
  ])('%s reads %j', (field, sent, reading) => {
    expect(standardField(field)?.read(sent, {})).toEqual({ original: sent, ...reading });
  });

  test('is known by its own name only', () => {
    expect(standardField('phone')?.example).toBe('555-123-4567');
    expect(standardField('constructor')).toBeUndefined();
  });
});

describe('An e-mail address whose plus sign arrived as a space', () => {
  const LOST = 'a space was read as a plus sign; encode a plus sign as %2B';
  const UNREAD = 'not an e-mail address; kept as sent; encode a plus sign as %2B';

  test.each<[string, { value?: string; note?: string }]>([
    ['jane ads@example.com', { value: 'jane+ads@example.com', note: LOST }],
    ['jane ads x@example.com', { note: UNREAD }],
    ['jane+ads@example.com', { value: 'jane+ads@example.com' }],
    ['jane%2bads@example.com', { value: 'jane+ads@example.com' }],
    ['jane+ads x@example.com', { value: 'jane+ads+x@example.com' }],
    [' jane@example.com ', { value: 'jane@example.com' }],
    ['Jane Roe <jane@example.com>', { value: 'jane@example.com' }],
    ['janeads@', { note: 'not an e-mail address; kept as sent' }],
    ['  ', {}],
  ])('%j', (sent, reading) => {
    expect(standardField('email')?.read(sent, { plusWasSpace: true })).toEqual({
      original: sent,
      ...reading,
    });
  });

  test('has a note only if a request can lose a plus sign', () => {
    const sent = 'jane ads@example.com';
    expect(standardField('email')?.read(sent, {})).toEqual({
      original: sent,
      note: 'not an e-mail address; kept as sent',
    });
  });
});

describe('The fields of a lead', () => {
  const fields = { phone: '+12145550187', email: 'jane@example.com', tcpaText: 'I agree', roof: ['a', 'b'] };

  test('are readable without the unread ones', () => {
    expect(readableFields({ fields })).toBe(fields);
    expect(readableFields({ fields, unread: [] })).toBe(fields);
    expect(readableFields({ fields: { a: 'x', b: 'y' }, unread: ['a'] })).toEqual({ b: 'y' });
  });

  test('are posted with proofs of consent as they were sent', () => {
    expect(postedFields({ fields })).toBe(fields);
    expect(postedFields({ fields, sent: { phone: '214-555-0187' } })).toBe(fields);
    expect(postedFields({ fields, sent: { phone: '214-555-0187', tcpaText: ' I agree' } })).toEqual({
      ...fields,
      tcpaText: ' I agree',
    });
  });

  test('that have several values, or are built-in properties, have no text', () => {
    expect(textOf(fields, 'email')).toBe('jane@example.com');
    expect(textOf(fields, 'roof')).toBeUndefined();
    expect(textOf(fields, 'constructor')).toBeUndefined();
  });

  test('contain the contact, also as it was sent', () => {
    expect(contactOf(fields)).toEqual({ phone: '+12145550187', email: 'jane@example.com' });
    expect(sentContact({ fields, sent: { phone: '214-555-0187' } })).toEqual({
      phone: '214-555-0187',
      email: 'jane@example.com',
    });
  });

  test('are missing by the start of the problem', () => {
    expect(isMissing({ field: 'phone', problem: 'missing; "tel2" was sent: did you mean phone?' })).toBe(
      true,
    );
    expect(isMissing({ field: 'phone', problem: 'given twice' })).toBe(false);
    expect(isMissing({ field: 'phone', problem: 'not missing' })).toBe(false);
  });
});

const UNIT = 'the unit behind the number was left out';
const TURNED = 'the bounds came the wrong way round';
const FACTOR = 'the factor of the upper bound counts for both';
const ZERO = 'a leading zero was restored, as spreadsheets drop it; check it against the state';

test.each<[typeof readZip, string, string, string | undefined]>([
  [readNumber, '5 miles', '5', UNIT],
  [readNumber, '5 ', '5', undefined],
  [readNumber, '5%', '5', undefined],
  [readRange, '749-700', '700..749', TURNED],
  [readRange, '700-749', '700..749', undefined],
  [readRange, '5-5', '5..5', undefined],
  [readRange, '50-75k', '50000..75000', FACTOR],
  [readRange, '50k-75k', '50000..75000', undefined],
  [readRange, '50k - 75', '75..50000', TURNED],
  [readZip, '2108', '02108', ZERO],
  [readZip, '02108', '02108', undefined],
])('%o reads %j as %j with the note %j', (reader, sent, value, note) => {
  expect(reader(sent)).toEqual({ value, original: sent, note });
});

test.each([
  ['>750', { min: 750, excluded: true }],
  ['<500', { max: 500, excluded: true }],
  ['700..749', { min: 700, max: 749 }],
  ['720..', { min: 720 }],
  ['..500', { max: 500 }],
])('The bounds of %s', (normal, bounds) => {
  expect(boundsOf(normal)).toEqual(bounds);
});
