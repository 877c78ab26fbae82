import { expect, onTestFinished, test } from 'vitest';
import { createActivities } from '../../activities/index.js';
import { openSender } from '../../src/buyers/send.js';
import { createLog } from '../../src/log.js';
import { parseMarket } from '../../src/market/file/parseMarket.js';
import { applyMarket } from '../../src/store/apply.js';
import { openDatabase } from '../../src/store/db.js';
import { findLead } from '../../src/store/leads.js';
import { loadTerms } from '../../src/store/market.js';
import { startBuyer } from '../support/buyer.js';
import { storeLead, storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';

test('A post that is under way when its contract is pruned is settled with its buyer', async () => {
  const settings = await isolatedSettings();
  const database = openDatabase(settings);
  const sender = openSender(settings);
  const northwind = await startBuyer();
  onTestFinished(async () => {
    await Promise.all([northwind.close(), sender.close()]);
    await database.client.close();
  });
  const campaign = await storeMarket(database, { northwind: { server: northwind } });
  const lead = await storeLead(database, campaign);
  const { sellLead, cancelPost } = createActivities({
    database,
    terms: (id) => loadTerms(database, id),
    circuits: async () => new Map(),
    send: sender.send,
    log: createLog({ LOG_LEVEL: 'silent' }, 'test'),
  });
  const contract = `${campaign._id}/northwind`;
  const offer = {
    contract,
    buyer: 'northwind',
    exclusive: true,
    price: 4500,
    earns: 4500,
    bid: { price: 4500 },
  };
  const sale = { maxBuyers: 1, award: 'highestBid' as const };
  const request = { leadId: lead._id, round: 1, sale, offer, now: Date.now() };

  northwind.answer('post', { status: 503 });
  expect(await sellLead(request)).toMatchObject({ answer: 'uncertain' });
  const other = parseMarket('sellers: [{ code: OTHER123, slug: other, name: Other }]');
  if (!('market' in other)) throw new Error('the market file has faults');
  await applyMarket(database, other.market, { prune: true });
  expect(await database.contracts.countDocuments()).toBe(0);

  expect(await sellLead(request)).toMatchObject({ answer: 'uncertain' });
  const [postId, ...others] = new Set(northwind.of('post').map(({ body }) => String(body.post_id)));
  expect(others).toEqual([]);
  await cancelPost({ leadId: lead._id, contract, postId: postId ?? '' });
  expect(northwind.of('post_cancelled')).toHaveLength(1);
  expect((await findLead(database, lead._id))?.claims[contract]?.status).toBe('cancelled');
});
