import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { personHash } from '../../src/buyers/personHash.js';
import { sendPing } from '../../src/buyers/ping.js';
import { sendCancellation, sendPost } from '../../src/buyers/post.js';
import { openSender } from '../../src/buyers/send.js';
import { askStatus } from '../../src/buyers/status.js';
import { sampleNotices } from '../../src/buyers/verify/sampleNotices.js';
import { NOTICES } from '../../src/market/model/market.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { namesNobody } from '../support/namesNobody.js';
import { readPage, rowsOf } from './page.js';

let buyer: FakeBuyer;
const { send, close } = openSender({ OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_HTTP: true });

beforeAll(async () => {
  buyer = await startBuyer();
});

afterAll(async () => {
  await close();
  await buyer.close();
});

const page = readPage('docs/buyer.md');

/** The keys of the page's example of a request. */
function exampleOf(type: string): string[] {
  const found = page.codes.find(({ lang, text }) => lang === 'json' && text.includes(`"type": "${type}"`));
  return Object.keys(JSON.parse(found?.text ?? '{}') as object);
}

/** The keys of the only request of this type that the buyer has received. */
const sentOf = (type: string): string[] =>
  buyer.received.filter((one) => one.type === type).flatMap(({ body }) => Object.keys(body));

describe('docs/buyer.md shows every key that a buyer receives', () => {
  test('in a ping, including the optional keys', async () => {
    const ping = { pingId: 'p', category: 'Auto Insurance', state: 'TX', zip: '75001', city: 'Dallas' };
    const terms = { round: 1, floor: 1000, sharedFloor: 500, currency: 'USD', test: false, fields: {} };
    const hashes = { phoneHash: 'h', emailHash: 'h' };
    await sendPing(send, { ...buyer, timeoutMs: 10_000 }, { ...ping, ...terms, ...hashes }, namesNobody);
    const sometimes = rowsOf(page, 'key').flatMap(([cell = '']) => cell.replaceAll('`', '').split(', '));
    const shown = [...exampleOf('ping'), ...sometimes];
    expect(sentOf('ping').filter((key) => !shown.includes(key))).toEqual([]);
    expect(exampleOf('ping').filter((key) => !sentOf('ping').includes(key))).toEqual([]);
  });

  test('in a post', async () => {
    const ids = { postId: 'p', pingId: 'q', bidId: 'b', leadId: 'l' };
    const terms = { price: 4500, currency: 'USD', exclusive: true, test: false, receivedAt: new Date() };
    await sendPost(send, { ...buyer, timeoutMs: 10_000 }, { ...ids, ...terms, lead: {} }, namesNobody);
    expect(exampleOf('post')).toEqual(sentOf('post'));
  });

  test('in a cancel notice', async () => {
    await sendCancellation(send, { ...buyer, timeoutMs: 10_000 }, { postId: 'p', leadId: 'l' });
    expect(exampleOf('post_cancelled')).toEqual(sentOf('post_cancelled'));
  });

  test('in a question about a post', async () => {
    await askStatus(send, { ...buyer, timeoutMs: 10_000 }, 'p', namesNobody);
    expect(exampleOf('post_status')).toEqual(sentOf('post_status'));
  });
});

test('docs/buyer.md shows every header that a buyer receives', () => {
  const rows = rowsOf(page, 'header', 2).map(([names = '', value = '']) => ({
    names: names.replaceAll('`', '').toLowerCase().split(', '),
    value: value.replaceAll('`', ''),
  }));
  // Headers of HTTP itself. A connection is kept alive unless the answer closes it.
  const ofHttp = ['host', 'connection'];
  expect(buyer.received.length).toBeGreaterThan(0);
  for (const { headers } of buyer.received) {
    const shown = [...ofHttp, ...rows.flatMap(({ names }) => names)];
    expect(Object.keys(headers).sort()).toEqual(shown.sort());
    for (const name of ['content-type', 'accept', 'accept-encoding', 'user-agent'])
      expect(headers[name]).toBe(rows.find(({ names }) => names.includes(name))?.value);
  }
});

test('docs/buyer.md shows the hashes that a ping carries', () => {
  const secret = page.codespans.find((code) => /^whsec_.{20}/.test(code)) ?? '';
  const vectors = rowsOf(page, 'text', 2).map((cells) => cells.map((cell) => cell.replaceAll('`', '')));
  expect(vectors).toHaveLength(2);
  for (const [text, hash] of vectors) expect(personHash(text, secret)).toBe(hash);
});

test('docs/buyer.md names every key of the notices that `buyers verify` sends', () => {
  const rows = new Map(
    rowsOf(page, '`type`', 3).map(([type = '', , keys = '']) => [
      type.replaceAll('`', ''),
      [...keys.matchAll(/`(\w+)`/g)].map(([, key]) => key),
    ]),
  );
  const notices = sampleNotices();
  expect(notices.map(({ payload }) => payload.type)).toEqual(NOTICES);
  for (const { payload } of notices) {
    const { type, ...keys } = payload;
    expect(rows.get(type)).toEqual(expect.arrayContaining(Object.keys(keys)));
  }
});
