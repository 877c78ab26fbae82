import { proxyActivities, proxyLocalActivities, sleep } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { PingFacts } from '../src/market/model/lead.js';

/** Like a lead's round: it leaves its intent in the database first, so that a repeat changes nothing. */
const { pricePing: askBuyers } = proxyLocalActivities<Activities>({
  startToCloseTimeout: '45 s',
  retry: { initialInterval: '200 ms', backoffCoefficient: 2, maximumInterval: '5 s' },
});

const { endPing } = proxyActivities<Activities>({
  startToCloseTimeout: '45 s',
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '1 min' },
});

/** A lead that was sent with the ping in its last moment has this time for its first round. */
const GRACE = '1 min';

/** What a lead would earn: asks the buyers, and releases what is reserved when the ping has expired. */
export async function pricePing({ pingId, answerBy, answerTo }: PingFacts): Promise<string> {
  const { expiresAt } = await askBuyers({ pingId, answerBy, answerTo, now: Date.now() });
  if (expiresAt === undefined) return 'nobody waits for it';
  await sleep(Math.max(1, expiresAt - Date.now()), { summary: 'the ping is valid' });
  if ((await endPing({ pingId, isLast: false })) === 'ended') return 'expired';
  await sleep(GRACE, { summary: 'a lead was sent with it' });
  await endPing({ pingId, isLast: true });
  return 'used';
}
