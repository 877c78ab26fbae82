import { describe, expect, it } from 'vitest';
import { notJson } from '../../src/buyers/contentCodings.js';
import { readCheckAnswer } from '../../src/buyers/check.js';
import { personScreen } from '../../src/buyers/personScreen.js';
import { readPingAnswer } from '../../src/buyers/ping.js';
import { readPostAnswer } from '../../src/buyers/post.js';
import type { Reply } from '../../src/buyers/send.js';
import { readStatusAnswer } from '../../src/buyers/status.js';
import { failureOf } from '../../src/market/auction/asking.js';

const JOHN = personScreen({
  fields: { firstName: 'John', lastName: 'Doe', email: 'jd@example.com', phone: '214-555-0187' },
});
const NOW = 1_000_000;

/** A received answer of a server. */
function reply(text: string, status = 200): Reply {
  try {
    return { ms: 5, kind: 'answer', status, body: JSON.parse(text), malformed: false, text };
  } catch {
    return { ms: 5, kind: 'answer', status, body: undefined, malformed: true, detail: notJson(text) };
  }
}
const pinged = (text: string, status?: number) =>
  readPingAnswer(reply(text, status), { pingId: 'p', currency: 'USD' }, NOW, JOHN);
const posted = (text: string, status?: number) => readPostAnswer(reply(text, status), JOHN);
const asked = (text: string, status?: number) => readStatusAnswer(reply(text, status), JOHN);

const LONG = '123456789012345678901234567890';

describe('optional keys never invalidate a clear yes or a bid', () => {
  it.each<[id: string, kept: string | undefined, note?: string]>([
    ['null', undefined],
    ['""', undefined],
    ['" "', undefined],
    ['7', '7'],
    ['0', '0'],
    ['48151', '48151'],
    ['-3', '-3'],
    ['7.5', '7.5'],
    ['9007199254740991', '9007199254740991'],
    ['9007199254740993', '9007199254740993'],
    [LONG, LONG],
    ['"x-1"', 'x-1'],
    ['" x-1\\n"', 'x-1'],
    ['"\\u001b[31mx\\u001b[0m"', 'x'],
    ['"a\\u202eb"', 'ab'],
    ['[7]', undefined, 'an array'],
    ['{"id":7}', undefined, 'an object'],
    ['true', undefined, 'a boolean'],
    ['1e400', undefined, "a number that JSON can't hold"],
    ['1e30', undefined, "a number that JSON can't hold"],
    [`"${'x'.repeat(200)}"`, 'x'.repeat(200)],
    [`"${'x'.repeat(201)}"`, undefined, 'over 200 bytes'],
    [`"${'ü'.repeat(101)}"`, undefined, 'over 200 bytes'],
    ['"johndoe"', undefined, 'may name the person'],
    ['2145550187', undefined, 'may name the person'],
  ])('an id of %s', (id, kept, note) => {
    const bid = pinged(`{"bid": 31, "bid_id": ${id}}`);
    expect(bid).toMatchObject({ bid: { price: 3100, bidId: kept } });
    const yes = posted(`{"accepted": true, "buyer_lead_id": ${id}}`);
    expect(yes).toMatchObject({ answer: 'accepted', buyerLeadId: kept });
    const late = asked(`{"accepted": true, "buyer_lead_id": ${id}}`);
    expect(late).toMatchObject({ status: 'accepted', buyerLeadId: kept });
    const notes = [
      'bid' in bid && bid.bid.note,
      'detail' in yes && yes.detail,
      'detail' in late && late.detail,
    ];
    for (const text of notes) {
      if (note === undefined) expect(text).toBeUndefined();
      else expect(text).toContain(note);
    }
  });

  it('digits of a number are not taken from a string beside it', () => {
    const text = `{"note": "\\"bid_id\\": 1${LONG}", "bid": 31, "bid_id": ${LONG}, "x": [${LONG}.5, 1e3]}`;
    expect(pinged(text)).toMatchObject({ bid: { bidId: LONG } });
  });

  it.each(['null', '"no"', '[]', '{}', '7', 'true', '"John Doe"', `"${'x'.repeat(10_000)}"`])(
    'a reason of %s',
    (reason) => {
      expect(pinged(`{"bid": 31, "reason": ${reason}}`)).toMatchObject({ bid: { price: 3100 } });
      expect(posted(`{"accepted": true, "reason": ${reason}}`)).toMatchObject({ answer: 'accepted' });
      expect(pinged(`{"bid": null, "reason": ${reason}}`)).toMatchObject({ noBid: { reason: 'no_bid' } });
      expect(posted(`{"accepted": false, "reason": ${reason}}`)).toMatchObject({ answer: 'refused' });
    },
  );

  it.each<[expiry: string, at: number, note?: string]>([
    ['null', 120_000],
    ['5000', 5000],
    ['0', 0],
    ['1e300', 2_592_000_000],
    ['"5000"', 120_000, 'expires_in_ms is a string; ignored'],
    ['-1', 120_000, 'expires_in_ms is negative; ignored'],
    ['[]', 120_000, 'expires_in_ms is an array; ignored'],
  ])('an expiry of %s', (expiry, at, note) => {
    expect(pinged(`{"bid": 31, "expires_in_ms": ${expiry}}`)).toMatchObject({
      bid: { price: 3100, expiresAt: NOW + at, note },
    });
  });

  it.each<[currency: string, note?: string]>([
    ['"USD"'],
    ['"usd"'],
    ['null'],
    ['7'],
    ['"EUR"', 'the bid counts in USD, the currency of the ping; another one is ignored'],
  ])('a currency of %s', (currency, note) => {
    expect(pinged(`{"bid": 31, "currency": ${currency}}`)).toMatchObject({ bid: { price: 3100, note } });
  });

  it.each<[shared: string, amount: number | undefined, note?: string]>([
    ['null', undefined],
    ['20', 2000],
    ['0', undefined],
    ['"20"', undefined, 'shared_bid is a string ("20"); send a number without quotes; ignored'],
    ['{}', undefined, 'shared_bid is an object; send a number; ignored'],
    ['20.001', undefined, 'shared_bid has too many decimals (20.001); USD has 2; ignored'],
  ])('a bid for a place of %s', (shared, amount, note) => {
    expect(pinged(`{"bid": 31, "shared_bid": ${shared}}`)).toMatchObject({
      bid: { price: 3100, shared: amount, note },
    });
  });

  it('a bid for a place alone, with and without an exclusive bid', () => {
    for (const text of [
      '{"shared_bid": 20}',
      '{"bid": null, "shared_bid": 20}',
      '{"bid": 0, "shared_bid": 20}',
    ])
      expect(pinged(text)).toMatchObject({ bid: { shared: 2000, price: undefined } });
  });
});

describe('the result of a check', () => {
  const check = {
    ...{ name: 'score', url: 'https://score.example', timeoutMs: 1, sends: [], answer: 'score', atLeast: 50 },
    whenSilent: 'pass' as const,
  };
  it.each<[string, boolean]>([
    ['{"score": 70}', true],
    ['{"score": "70"}', true],
    ['{"score": 123456789012345678901234567890}', true],
    ['{"score": 40, "reason": null}', false],
    ['{"score": null}', true],
    ['{"score": [70]}', true],
    ['null', true],
    ['<html>', true],
  ])('%s', (text, passes) => {
    expect(readCheckAnswer(check, reply(text)).passes).toBe(passes);
  });
});

describe('an unusable answer names its error and repeats no personal data', () => {
  it.each([
    ['{"bid": "31.00"}', 'bid is a string ("31.00"); send a number without quotes'],
    ['{"bid": "$31.00"}', 'bid is a string ("$31.00"); send a number without quotes'],
    ['{"bid": "31,00"}', 'bid is a string ("31,00"); send a number without quotes'],
    ['{"bid": ""}', 'bid is a string; send a number without quotes'],
    ['{"bid": "John Doe"}', 'bid is a string; send a number without quotes'],
    ['{"bid": "2145550187"}', 'bid is a string; send a number without quotes'],
    ['{"bid": "3125550199"}', 'bid is a string; send a number without quotes'],
    ['{"bid": -2145550187}', 'bid is negative; send a number above zero, or 0 for no bid'],
    ['{"bid": true}', 'bid is a boolean; send a number'],
    ['{"bid": [31]}', 'bid is an array; send a number'],
    ['{"bid": {"amount": 31}}', 'bid is an object; send a number'],
    ['{"bid": -31}', 'bid is negative (-31); send a number above zero, or 0 for no bid'],
    ['{"bid": 31.005}', 'bid has too many decimals (31.005); USD has 2'],
    ['{"bid": 1e300}', 'bid is too large; the most is 1000000000'],
    ['{"bid": 1e400}', 'bid is too large; the most is 1000000000'],
    ['{"bid": 99999999999999}', 'bid is too large; the most is 1000000000'],
    ['{"bid": 1000000000.01}', 'bid is too large; the most is 1000000000'],
    ['{"bid": "31", "shared_bid": 20}', 'bid is a string ("31"); send a number without quotes'],
    ['{"bid": null, "shared_bid": "20"}', 'shared_bid is a string ("20"); send a number without quotes'],
    ['{"price": 31}', 'you sent "price"; call it "bid"'],
    ['{"Bid": 31}', 'you sent "Bid"; call it "bid"'],
    ['{"bid_amount": 31}', 'you sent "bid_amount"; call it "bid"'],
    ['{"John Doe": 31}', 'no key "bid"; send {"bid": 45.00}'],
    ['{"data": {"bid": 31}}', 'no key "bid" at the top level; it is inside another object'],
    ['[{"bid": 31}]', 'an array; send an object: {"bid": 45.00}'],
    ['31', 'a number; send an object: {"bid": 45.00}'],
    ['null', 'null; send an object: {"bid": 45.00}'],
    ['<!DOCTYPE html><p>John Doe', 'not JSON: an HTML page'],
    ['<?xml version="1.0"?>', 'not JSON: XML or HTML'],
    ['bid=31.00', 'not JSON: form data; send a JSON object'],
    ['{"bid": 31,}', 'not JSON: a syntax error'],
    ['ok', 'not JSON: plain text; send a JSON object'],
    ['', 'not JSON: the body is empty'],
    [
      Buffer.from('{"bid":40}', 'utf16le').toString('latin1'),
      'not JSON in UTF-8: the body looks like UTF-16',
    ],
  ])('%s', (text, detail) => {
    expect(pinged(text)).toEqual({ noBid: { reason: 'invalid_response', detail } });
  });

  it('the maximum bid is accepted', () => {
    expect(pinged('{"bid": 1000000000}')).toMatchObject({ bid: { price: 100_000_000_000 } });
  });

  it('a bid that expires at once counts as a failure, and names the unit', () => {
    const answer = { ms: 5, ...pinged('{"bid": 31, "expires_in_ms": 60}') };
    expect(failureOf(answer, NOW)).toEqual({
      reason: 'invalid_response',
      detail: 'the bid expires after 60 ms, before a post can be sent; expires_in_ms is in milliseconds',
    });
    expect(failureOf({ ms: 5, ...pinged('{"bid": 31, "expires_in_ms": 5000}') }, NOW)).toBeUndefined();
  });

  it('an amount that equals personal data is not repeated', () => {
    const born = personScreen({ fields: { ssn: '12345' } });
    const answer = readPingAnswer(reply('{"bid": "12345"}'), { pingId: 'p', currency: 'USD' }, NOW, born);
    expect(answer).toMatchObject({ noBid: { detail: 'bid is a string; send a number without quotes' } });
  });

  it.each([
    ['{"accepted": "true"}', 'accepted is a string ("true"); send true or false without quotes'],
    ['{"accepted": "John Doe"}', 'accepted is a string; send true or false without quotes'],
    ['{"accepted": 1}', 'accepted is a number (1); send true or false'],
    ['{"accepted": null}', 'accepted is null; send true or false'],
    ['{"result": "ok"}', 'you sent "result"; call it "accepted"'],
    ['{}', 'no key "accepted"; send {"accepted": true} or {"accepted": false}'],
    ['true', 'a boolean; send an object: {"accepted": true} or {"accepted": false}'],
    ['OK', 'not JSON: plain text; send a JSON object'],
  ])('a post: %s', (text, detail) => {
    expect(posted(text)).toEqual({ answer: 'uncertain', detail, retryAfterMs: undefined });
    expect(asked(text)).toEqual(text.includes('null') ? { status: 'unknown' } : { status: 'silent', detail });
  });
});

describe('a status of 4xx', () => {
  it.each([400, 401, 403, 404, 409, 410, 418, 422, 451])('%i means no and is not a failure', (status) => {
    for (const body of ['', '<html>', '{"error": "no"}', '{"bid": 31}', 'null']) {
      const answer = pinged(body, status);
      expect(answer).toMatchObject({ noBid: { reason: 'http_error', detail: `HTTP ${status}` } });
      expect(failureOf({ ms: 5, ...answer }, NOW)).toBeUndefined();
      expect(posted(body, status)).toMatchObject({ answer: 'refused', detail: `HTTP ${status}` });
    }
  });

  it.each([301, 302, 408, 425, 429, 500, 502, 503, 504, 599])('%i is a failure', (status) => {
    const detail = status < 400 ? `HTTP ${status}; redirects are not followed` : `HTTP ${status}`;
    const answer = pinged('{"bid": 31}', status);
    expect(answer).toMatchObject({ noBid: { reason: 'http_error', detail } });
    expect(failureOf({ ms: 5, ...answer }, NOW)).toMatchObject({ detail });
    expect(posted('{"accepted": true}', status)).toMatchObject({ answer: 'uncertain', detail });
  });

  it('is shown with its reason', () => {
    expect(pinged('{"reason": "DUPLICATE"}', 422)).toMatchObject({
      noBid: { detail: 'HTTP 422: DUPLICATE', words: 'HTTP 422: DUPLICATE' },
    });
    expect(posted('{"reason": "Duplicate Lead"}', 409)).toMatchObject({
      answer: 'refused',
      detail: 'HTTP 409',
      words: 'HTTP 409: Duplicate Lead',
    });
  });
});

describe('a reason is shown to ops', () => {
  const words = (reason: string): unknown => {
    const answer = posted(JSON.stringify({ accepted: false, reason }));
    return answer.answer === 'refused' ? [answer.words, answer.detail] : answer;
  };
  const elsewhere = 'in its own words, see `gavel leads show`';

  it.each([
    ['duplicate', ['duplicate', 'duplicate']],
    ['DUPLICATE', ['DUPLICATE', 'DUPLICATE']],
    ['wrong-number', ['wrong-number', 'wrong-number']],
    ['Duplicate Lead', ['Duplicate Lead', elsewhere]],
    ['  already \n\n in our\tsystem ', ['already in our system', elsewhere]],
    ['spoke to his wife Mary', ['spoke to his wife Mary', elsewhere]],
    ['\u001b]0;owned\u0007no\u001b[2J', ['no', 'no']],
    ['\u009b31mno\u009b0m', ['no', 'no']],
    ['no\u0000\u0008\u007f\u0085', ['no', 'no']],
    ['a\u202eb\u2066c\u200bd\ufeff', ['abcd', 'abcd']],
    ['', [undefined, 'no reason given']],
    ['\u001b[0m\u200b', [undefined, 'no reason given']],
    ['John Doe is a duplicate', [undefined, 'its reason may name the person and was not kept']],
    ['eod nhoj', [undefined, 'its reason may name the person and was not kept']],
  ])('%j', (reason, expected) => {
    expect(words(reason)).toEqual(expected);
  });

  it('cut to 80 characters after screening the whole text', () => {
    const long = `${'x'.repeat(40)} ${'y'.repeat(60)}`;
    expect(words(long)).toEqual([`${long.slice(0, 79)}…`, elsewhere]);
    expect(words(`${long} John Doe`)).toEqual([undefined, 'its reason may name the person and was not kept']);
    const emoji = '🙈'.repeat(100);
    expect(words(emoji)).toEqual([`${'🙈'.repeat(79)}…`, elsewhere]);
  });

  it('also for a buyer that does not bid', () => {
    expect(pinged('{"bid": null, "reason": "No Capacity today"}')).toEqual({
      noBid: { reason: 'no_bid', detail: elsewhere, words: 'No Capacity today' },
    });
    expect(pinged('{"bid": 0, "reason": 17}')).toMatchObject({ noBid: { words: '17', detail: elsewhere } });
  });
});
