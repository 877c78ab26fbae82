import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { openSender } from '../../src/buyers/send.js';
import { FORGERIES } from '../../src/buyers/verify/forgeries.js';
import { verifyBuyer } from '../../src/buyers/verify/verifyBuyer.js';
import { startSimulatedBuyer, type ProfileName, type Seen } from '../../src/local/simulatedBuyer.js';

const { send, close } = openSender({ OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_HTTP: true });
afterAll(close);

const secret = `whsec_${Buffer.from('a secret of thirty-two characters').toString('base64')}`;

/** The checks that a profile fails, and its requests. */
async function verified(profile: ProfileName): Promise<{ failed: string[]; seen: Seen[] }> {
  const seen: Seen[] = [];
  const where = { host: '127.0.0.1', port: 0, secret };
  const server = await startSimulatedBuyer({ ...where, profile }, (one) => seen.push(one));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  // A slow buyer exceeds it in most of its checks.
  const timeoutMs = profile === 'slow' ? 100 : 500;
  const { checks } = await verifyBuyer(send, {
    urls: { ping: url, post: url, status: url, notices: url },
    secret,
    isPinged: true,
    category: 'Auto Insurance',
    lead: {},
    timeoutMs: { ping: timeoutMs, other: timeoutMs },
  });
  return { failed: checks.filter(({ result }) => result === 'failed').map(({ check }) => check), seen };
}

describe('A simulated buyer', () => {
  test('that is steady passes the test suite, and reports each request', async () => {
    const { failed, seen } = await verified('steady');
    expect(failed).toEqual([]);
    expect(seen[0]).toMatchObject({
      isSigned: true,
      request: { type: 'ping', test: true },
      answer: { status: 200, body: { bid: 30 } },
    });
  });

  test.each<[ProfileName, string[]]>([
    ['flaky', ['ping: answered']],
    [
      'forgetful',
      [
        'post: sent again',
        'post: sent again at the same time',
        'status question: known post',
        'cancel notice',
      ],
    ],
    ['unclear', ['post: answered']],
    ['garbled', ['ping: answered']],
    ['careless', ['ping', 'post'].flatMap((of) => FORGERIES.map(({ what }) => `${of}: refused ${what}`))],
    ['down', ['ping: answered']],
    ['slow', ['ping: answered']],
  ])('that is %s fails where it should', async (profile, checks) => {
    expect((await verified(profile)).failed).toEqual(checks);
  });

  test.each<[ProfileName]>([['greedy'], ['picky']])(
    'that is %s follows the protocol: its faults are those of a business',
    async (profile) => {
      expect((await verified(profile)).failed).toEqual([]);
    },
  );
});
