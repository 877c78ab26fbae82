import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sendPing } from '../../src/buyers/ping.js';
import { sendCancellation, sendPost } from '../../src/buyers/post.js';
import { openSender } from '../../src/buyers/send.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { readPage } from './page.js';

let buyer: FakeBuyer;
const { send, close } = openSender({ OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_HTTP: true });

beforeAll(async () => {
  buyer = await startBuyer();
});

afterAll(async () => {
  await close();
  await buyer.close();
});

/** The page's example of a request, by its type. */
function example(type: string): Record<string, unknown> {
  const examples = readPage('docs/buyer.md').codes.filter(({ lang }) => lang === 'json');
  const found = examples.find(({ text }) => text.includes(`"type": "${type}"`));
  return JSON.parse(found?.text ?? '{}') as Record<string, unknown>;
}

describe('docs/buyer.md shows every key that a buyer is sent', () => {
  test('in a ping', async () => {
    const ping = { pingId: 'p', category: 'Auto Insurance', state: 'TX', zip: '75001', city: 'Dallas' };
    const terms = { round: 1, floor: 1000, currency: 'USD', test: false, fields: {} };
    await sendPing(send, { ...buyer, timeoutMs: 1000 }, { ...ping, ...terms });
    expect(Object.keys(example('ping'))).toEqual(Object.keys(buyer.of('ping')[0]?.body ?? {}));
  });

  test('in a post', async () => {
    const ids = { postId: 'p', pingId: 'q', bidId: 'b', leadId: 'l' };
    const terms = { price: 4500, currency: 'USD', exclusive: true, test: false };
    await sendPost(send, { ...buyer, timeoutMs: 1000 }, { ...ids, ...terms, lead: {} });
    expect(Object.keys(example('post'))).toEqual(Object.keys(buyer.of('post')[0]?.body ?? {}));
  });

  test('in a cancel notice', async () => {
    await sendCancellation(send, { ...buyer, timeoutMs: 1000 }, { postId: 'p', leadId: 'l' });
    expect(Object.keys(example('post_cancelled'))).toEqual(
      Object.keys(buyer.of('post_cancelled')[0]?.body ?? {}),
    );
  });
});
