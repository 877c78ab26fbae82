import { expect, onTestFinished, test } from 'vitest';
import { createActivities } from '../../activities/index.js';
import { openSender } from '../../src/buyers/send.js';
import { createLog } from '../../src/log.js';
import { claimLead } from '../../src/store/claims.js';
import { openDatabase } from '../../src/store/db.js';
import { loadTerms } from '../../src/store/market.js';
import { startBuyer } from '../support/buyer.js';
import { storeLead, storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';

test('A buyer that has not heard that its post is called off is told again when it asks for that', async () => {
  const settings = await isolatedSettings();
  const database = openDatabase(settings);
  const sender = openSender(settings);
  const northwind = await startBuyer();
  onTestFinished(async () => {
    await Promise.all([northwind.close(), sender.close()]);
    await database.client.close();
  });
  const campaign = await storeMarket(database, { northwind: { server: northwind } });
  const { _id: leadId } = await storeLead(database, campaign);
  const { cancelPost } = createActivities({
    database,
    terms: (id) => loadTerms(database, id),
    circuits: async () => new Map(),
    send: sender.send,
    log: createLog({ LOG_LEVEL: 'silent' }, 'test'),
  });
  const contract = `${campaign._id}/northwind`;
  const terms = { round: 1, buyer: 'northwind', exclusive: true, price: 4500, earns: 4500 };
  await claimLead(database, leadId, contract, { postId: 'post-1', ...terms }, 1);
  const cancel = () => cancelPost({ leadId, contract, postId: 'post-1' });
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
