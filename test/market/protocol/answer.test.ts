import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnswerTerms, Step } from '../../../src/market/model/protocol.js';
import { compileAnswer, type AnswerReading } from '../../../src/market/protocol/answer.js';
import { usableRedirect } from '../../../src/market/protocol/redirect.js';
import { parseXml } from '../../../src/market/protocol/xmlDocument.js';
import { compileXPath } from '../../../src/market/protocol/xpath.js';

function faultsOf(terms: AnswerTerms, step: Step): string[] {
  const faults: string[] = [];
  compileAnswer(terms, step, (path, message) => faults.push(`${path.join('.')}: ${message}`));
  return faults;
}

interface Answer {
  status?: number;
  type?: string;
  headers?: Record<string, string>;
  currency?: string;
}

function read(terms: AnswerTerms, step: Step, text: string, answer: Answer = {}): AnswerReading {
  const reader = compileAnswer(terms, step, (path, message) => {
    throw new Error(`${path.join('.')}: ${message}`);
  });
  const { status = 200, type = 'application/json', headers = {}, currency = 'USD' } = answer;
  return reader({ status, headers: { 'content-type': type, ...headers }, text }, currency);
}

const POST: AnswerTerms = {
  acceptedWhen: { at: ['ok', '/r/ok'], is: [true, 'yes'] },
  refusedWhen: { at: ['ok', '/r/ok'], is: [false, 'no'] },
  reason: { at: ['why', '/r/why'] },
};

describe('A post is accepted only by a named yes', () => {
  test.each<[string, Answer, string]>([
    ['{"ok":true}', {}, 'accepted'],
    ['{"ok":"YES "}', {}, 'accepted'],
    ['{"ok":"yes, but no"}', {}, 'unclear'],
    ['{"ok":false}', {}, 'refused'],
    ['{"ok":null}', {}, 'unclear'],
    ['{}', {}, 'unclear'],
    ['', {}, 'unclear'],
    ['ok', {}, 'unclear'],
    ['\uFEFF {"ok":true}', { type: 'text/html' }, 'accepted'],
    ['<r><ok>yes</ok></r>', { type: 'text/html' }, 'accepted'],
    ['<r><ok>yes</ok>', { type: 'text/xml' }, 'unclear'],
    ['<!DOCTYPE r><r><ok>yes</ok></r>', { type: 'text/xml' }, 'unclear'],
    ['{"ok":true}', { status: 201 }, 'accepted'],
    ['{"ok":true}', { status: 404 }, 'accepted'],
    ['{"ok":false}', { status: 422 }, 'refused'],
    ...[302, 408, 425, 429, 500, 503].map((status): [string, Answer, string] => [
      '{"ok":true}',
      { status },
      'unclear',
    ]),
  ])('%s %j is %s', (text, answer, means) => expect(read(POST, 'post', text, answer).means).toBe(means));

  test('and no other answer is one, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const isYes = /^\s*\{\s*"ok"\s*:\s*(true|"\s*(yes|true)\s*")/i.test(text);
        if (!isYes) expect(read(POST, 'post', text).means).not.toBe('accepted');
      }),
    );
  });
});

describe('A bid', () => {
  const PING: AnswerTerms = {
    bid: { at: 'p' },
    bidWhen: { at: 's', is: 'ok' },
    noBidWhen: { at: 's', is: 'no' },
  };
  const bid = (price: unknown, terms: Partial<AnswerTerms['bid']> = {}, answer: Answer = {}) => {
    const reading = read(
      { ...PING, bid: { at: 'p', ...terms } },
      'ping',
      JSON.stringify({ s: 'ok', p: price, c: 'EUR' }),
      answer,
    );
    return reading.means === 'bid' ? reading.bid : reading.means;
  };

  test.each<[unknown, unknown]>([
    ['15.00', 1500],
    [15, 1500],
    ['$12.50', 1250],
    ['USD 12.50', 1250],
    ['$1,031.50', 103_150],
    ['12,50', 1250],
    [0, 'noBid'],
    ['00.00', 'noBid'],
    [null, 'unclear'],
    ['', 'unclear'],
    ['€12.50', 'unclear'],
    ['-5', 'unclear'],
    ['free', 'unclear'],
    [21.105, 'unclear'],
    [2_000_000_000, 'unclear'],
  ])('of %j is read as %j', (price, expected) => expect(bid(price)).toBe(expected));

  test('with more decimals than the currency has is cut only if the protocol says so', () => {
    expect(bid('21.105', { round: 'down' })).toBe(2110);
    expect(bid('1200.9', { round: 'down' }, { currency: 'JPY' })).toBe(1200);
  });

  test.each<[string, Partial<NonNullable<AnswerTerms['bid']>>, Answer, string]>([
    ['22.505', {}, {}, 'bid has too many decimals; USD has 2; round: down cuts off the others'],
    [
      '22.5',
      {},
      { currency: 'JPY' },
      'bid has too many decimals; JPY has none; round: down cuts off the others',
    ],
    ['free', {}, {}, 'bid is not an amount in USD'],
    ['45.50', { unit: 'cents' }, {}, 'bid is not a whole number of cents'],
  ])('of %j, which can’t be used, is explained', (price, terms, answer, detail) => {
    const reading = read(
      { bid: { at: 'price', ...terms }, bidWhen: { status: [200] } },
      'ping',
      JSON.stringify({ price }),
      answer,
    );
    expect(reading).toMatchObject({ means: 'unclear', detail });
  });

  test('may be in cents', () => {
    expect(bid(4550, { unit: 'cents' })).toBe(4550);
    expect(bid('45.50', { unit: 'cents' })).toBe('unclear');
  });

  test('in another currency than the campaign’s is not used', () => {
    expect(bid(15, { currency: { at: 'c' } })).toBe('unclear');
    expect(bid(15, { currency: { at: 'c' } }, { currency: 'EUR' })).toBe(1500);
  });
});

describe('A condition', () => {
  test('can test several things at once, or one of several', () => {
    const terms: AnswerTerms = {
      acceptedWhen: { all: [{ status: [201] }, { header: 'x-result', is: 'ok' }] },
      refusedWhen: { any: [{ status: [404] }, { at: 'error', is: 'any' }] },
    };
    expect(read(terms, 'post', '{}', { status: 201, headers: { 'x-result': 'OK' } }).means).toBe('accepted');
    expect(read(terms, 'post', '{}', { status: 201 }).means).toBe('unclear');
    expect(read(terms, 'post', '{}', { status: 404 }).means).toBe('refused');
    expect(read(terms, 'post', '{"error":"x"}').means).toBe('refused');
  });

  test('counts a refusal before a yes, unless the protocol has another order', () => {
    const both: AnswerTerms = { acceptedWhen: { at: 'a', is: 1 }, refusedWhen: { at: 'r', is: 1 } };
    expect(read(both, 'post', '{"a":1,"r":1}').means).toBe('refused');
    expect(read({ ...both, order: ['accepted'] }, 'post', '{"a":1,"r":1}').means).toBe('accepted');
  });

  test('that is other holds only if no named one does', () => {
    const terms: AnswerTerms = {
      acceptedWhen: { at: 'code', is: 0 },
      refusedWhen: { at: 'code', is: 'other' },
    };
    expect(read(terms, 'post', '{"code":0}').means).toBe('accepted');
    expect(read(terms, 'post', '{"code":7}').means).toBe('refused');
    expect(read(terms, 'post', '{}').means).toBe('unclear');
  });

  test('can look into a document inside a text', () => {
    const terms: AnswerTerms = {
      reads: 'json',
      unwrap: { at: 'd', as: 'xml' },
      acceptedWhen: { at: '//S', is: 'ok' },
    };
    expect(read(terms, 'post', '{"d":"<r><S>ok</S></r>"}').means).toBe('accepted');
    expect(read(terms, 'post', '{"S":"ok"}').means).toBe('unclear');
  });

  test('finds a part of a text that has junk around JSON', () => {
    const terms: AnswerTerms = {
      reads: 'text',
      acceptedWhen: { re: '"success"\\s*:\\s*(true)', is: true },
      refusedWhen: { re: '"success"\\s*:\\s*(false)', is: false },
    };
    expect(read(terms, 'post', '<b>Notice</b>: x in /a.php\n{"success":true}<!-- 3ms -->').means).toBe(
      'accepted',
    );
  });
});

describe('An answer tells more', () => {
  test('its id with all its digits, its reason as one word, and captures', () => {
    const terms: AnswerTerms = {
      ...POST,
      id: { at: 'id' },
      reasons: { 'No Coverage': 'no_coverage' },
      capture: { token: { re: 'T-(\\d+)' } },
    };
    const reading = read(
      terms,
      'post',
      '{"ok":false,"id":12345678901234567890,"why":"no coverage","x":"T-42"}',
    );
    expect(reading).toMatchObject({
      ...{ means: 'refused', id: '12345678901234567890', reason: 'no coverage', code: 'no_coverage' },
      capture: { token: '42' },
    });
  });

  test.each([
    [' https://buyer.example/thanks?a=1 ', 'https://buyer.example/thanks?a=1'],
    ['http://buyer.example/', undefined],
    ['javascript:alert(1)', undefined],
    ['https://user:pass@buyer.example/', undefined],
    ['https://buyer.example/\nSet-Cookie: a', undefined],
    ['https://localhost/', undefined],
    [`https://buyer.example/${'x'.repeat(2000)}`, undefined],
  ])('an address for the person: %s', (text, url) => expect(usableRedirect(text)).toBe(url));
});

describe('A path into XML', () => {
  const document = parseXml(
    `<s:Envelope xmlns:s="urn:s" xmlns="urn:d"><s:Body><r id="1"><b>one</b><b k="2"><![CDATA[two]]></b><n xsi:nil="true" xmlns:xsi="x"/><e/></r></s:Body></s:Envelope>`,
  );
  test.each([
    ['/Envelope/Body/r/b', 'one'],
    ['/s:Envelope/s:Body/r/b', 'one'],
    ['//b[2]', 'two'],
    ['//b[last()]', 'two'],
    ["//b[@k='2']", 'two'],
    ["//r[b='two']/@id", '1'],
    ['//r/@id', '1'],
    ['//b/text()', 'one'],
    ["//*[local-name()='b']", 'one'],
    ["/*[local-name()='Envelope']/*/r/b", 'one'],
    ['//x | //b', 'one'],
    ['//n', undefined],
    ['//e', undefined],
    ['/r', undefined],
  ])('%s finds %s', (path, value) => expect(document && compileXPath(path)(document)).toBe(value));

  test.each(['price', '//', '/a/b[', '/a/b[position()>1]', '//a/preceding::b', '/a[count(b)=2]', '/@id'])(
    'is refused if it is more than that: %s',
    (path) => expect(() => compileXPath(path)).toThrow(/can't be read at character/),
  );
});

describe('An answer mapping is refused', () => {
  test.each<[AnswerTerms, Step, string]>([
    [{}, 'post', 'acceptedWhen: is missing; the answer to a post needs it'],
    [
      { acceptedWhen: { at: 'a', is: 'other' } },
      'post',
      'acceptedWhen.is: is other, and a yes must be named; write the values that mean yes',
    ],
    [
      { acceptedWhen: { at: 'a' } },
      'post',
      'acceptedWhen: names no value; add is, such as is: [accepted], or is: any',
    ],
    [{ acceptedWhen: { is: 'x' } }, 'post', 'acceptedWhen: tests nothing; write at, re, header or status'],
    [{ bidWhen: { at: 'a', is: 1 } }, 'ping', 'bid: is missing; the answer to a ping needs it'],
    [
      { acceptedWhen: { at: 'a', is: 1 }, noBidWhen: { at: 'b', is: 1 } },
      'post',
      'noBidWhen: is not of answers to a post',
    ],
    [
      { acceptedWhen: { re: '(a)(?=b)', is: 1 } },
      'post',
      'acceptedWhen.re: "(a)(?=b)" is not a regular expression',
    ],
    [{ acceptedWhen: { at: 'a[', is: 1 } }, 'post', 'acceptedWhen.at: "a[" can\'t be read as a path'],
    [
      { acceptedWhen: { at: ['a', '/b['], is: 1 } },
      'post',
      'acceptedWhen.at.1: "/b[" can\'t be read at character',
    ],
    [
      { acceptedWhen: { at: 'a', is: 1 }, id: { at: 'b', header: 'c' } },
      'post',
      'id: has at and header; keep one of them',
    ],
  ])('%j of a %s', (terms, step, fault) => expect(faultsOf(terms, step).join('\n')).toContain(fault));
});
