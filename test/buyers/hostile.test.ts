import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendPing } from '../../src/buyers/ping.js';
import type { PingAnswer } from '../../src/market/auction/asking.js';
import { sendPost } from '../../src/buyers/post.js';
import { openSender } from '../../src/buyers/send.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { namesNobody } from '../support/namesNobody.js';
import { FORGIVEN, HOSTILE } from './hostileBuyers.js';
import { says, startRawServer, type RawServer } from './rawServer.js';

/** Timeouts for a buyer that does not answer and for one that does, ms. */
const PATIENCE_MS = { silent: 100, quick: 3000 };

/** Tolerance for a busy machine. A request without a working timeout takes far longer. */
const SLACK_MS = 1000;

describe('a hostile buyer costs its own bid and nothing else', () => {
  let honest: FakeBuyer;
  let sender: ReturnType<typeof openSender>;
  let hostile: RawServer;

  beforeAll(async () => {
    honest = await startBuyer();
    // One connection per buyer, so that a leaked connection shows at once.
    sender = openSender({ OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_HTTP: true }, { connectionsPerBuyer: 1 });
    hostile = await startRawServer();
  });
  afterAll(async () => {
    await Promise.all([honest.close(), sender.close()]);
    await hostile.close();
  });

  const ping = (to: string, timeoutMs: number): Promise<PingAnswer> =>
    sendPing(
      sender.send,
      { url: to, timeoutMs, secret: honest.secret },
      { pingId: 'ping-1', category: 'Solar', round: 1, floor: 500, currency: 'USD', test: false, fields: {} },
      namesNobody,
    );
  const post = (timeoutMs: number) =>
    sendPost(
      sender.send,
      { url: hostile.url, timeoutMs, secret: honest.secret },
      {
        postId: 'post-1',
        leadId: 'lead-1',
        price: 2000,
        currency: 'USD',
        exclusive: true,
        test: false,
        receivedAt: new Date(),
        lead: {},
      },
      namesNobody,
    );

  it.each(HOSTILE)('%s', async (_how, rawAnswer, reason, detail) => {
    hostile.answerWith(rawAnswer);
    const timeoutMs = reason === 'timeout' ? PATIENCE_MS.silent : PATIENCE_MS.quick;
    const [theirs, other] = await Promise.all([ping(hostile.url, timeoutMs), ping(honest.url, 5000)]);
    expect(theirs).toMatchObject({ noBid: { reason, ...(detail !== undefined && { detail }) } });
    expect(theirs.ms).toBeLessThan(timeoutMs + SLACK_MS);
    expect(other).toMatchObject({ bid: { price: 2000 } });
    expect(other.ms).toBeLessThan(SLACK_MS);

    expect(await post(timeoutMs)).not.toMatchObject({ answer: 'accepted' });
    if (['timeout', 'unreachable'].includes(reason)) await hostile.closed();
    hostile.answerWith(says('{"bid":40}'));
    expect(await ping(hostile.url, 5000)).toMatchObject({ bid: { price: 4000 } });
  });

  it.each(FORGIVEN)('a bid with %s is a bid', async (_how, answer) => {
    hostile.answerWith(says(answer));
    expect(await ping(hostile.url, 5000)).toMatchObject({ bid: { price: 4000 } });
    expect(({} as Record<string, unknown>).bid).toBeUndefined();
  });
});
