import { expect, onTestFinished, test } from 'vitest';
import { claimLead } from '../../src/store/sales/claims.js';
import { storeLead } from '../support/market.js';
import { openStepsWorld } from '../support/steps.js';

test('An undelivered cancellation is retried after the buyer’s Retry-After', async () => {
  const { database, campaign, northwind, steps, close } = await openStepsWorld();
  onTestFinished(close);
  const { _id: leadId } = await storeLead(database, campaign);
  const contract = `${campaign._id}/northwind`;
  const terms = { round: 1, buyer: 'northwind', exclusive: true, price: 4500, earns: 4500 };
  await claimLead(database, { lead: leadId, contract, postId: 'post-1', ...terms, maxBuyers: 1 });
  const cancel = () => steps.cancelPost({ leadId, contract, postId: 'post-1' });
  const unheard = { type: 'NoticeUndelivered', nonRetryable: false };

  northwind.answer('post_cancelled', [
    { status: 503 },
    { status: 503, headers: { 'retry-after': '1200' } },
    {},
  ]);
  await expect(cancel()).rejects.toMatchObject({ ...unheard, nextRetryDelay: undefined });
  await expect(cancel()).rejects.toMatchObject({ ...unheard, nextRetryDelay: 1_200_000 });
  expect(await cancel()).toBe('cancelled');
});
