import { expect, onTestFinished, test } from 'vitest';
import { readMarketFile } from '../../src/market/file/changeMarket.js';
import { applyMarket } from '../../src/store/market/apply.js';
import { findLead } from '../../src/store/leads/leads.js';
import { storeLead } from '../support/market.js';
import { openStepsWorld, saleOf } from '../support/steps.js';

test('A post in progress is settled with its buyer when its contract is pruned', async () => {
  const { database, campaign, northwind, steps, close } = await openStepsWorld();
  onTestFinished(close);
  const lead = await storeLead(database, campaign);
  const { sellLead, cancelPost } = steps;
  const contract = `${campaign._id}/northwind`;
  const request = saleOf(lead._id);

  northwind.answer('post', { status: 503 });
  expect(await sellLead(request)).toMatchObject({ answer: 'uncertain' });
  const other = readMarketFile('sellers: [{ code: OTHER123, slug: other, name: Other }]');
  expect(await applyMarket(database, other, { prune: true, confirmed: true })).toHaveProperty('changes');
  expect(await database.contracts.countDocuments()).toBe(0);

  expect(await sellLead(request)).toMatchObject({ answer: 'uncertain' });
  const [postId, ...others] = new Set(northwind.of('post').map(({ body }) => String(body.post_id)));
  expect(others).toEqual([]);
  await cancelPost({ leadId: lead._id, contract, postId: postId ?? '' });
  expect(northwind.of('post_cancelled')).toHaveLength(1);
  expect((await findLead(database, lead._id))?.claims[contract]?.status).toBe('cancelled');
});
