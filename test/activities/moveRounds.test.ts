import { afterAll, beforeAll, expect, test } from 'vitest';
import { findLeadForRound, moveRounds, readRounds } from '../../src/store/leads/rounds.js';
import { findStoredLead } from '../../src/store/leads/leads.js';
import { storeLead } from '../support/market.js';
import { openStepsWorld, type StepsWorld } from '../support/steps.js';

let world: StepsWorld;
beforeAll(async () => {
  world = await openStepsWorld({ ping: { status: 204 } });
});
afterAll(() => world.close());

test('A new round moves the earlier rounds out of the lead’s document, and they can still be read', async () => {
  const { database, campaign, steps } = world;
  const { _id: leadId } = await storeLead(database, campaign, { status: 'pending' });
  const started = [];
  for (const number of [1, 2, 3]) started.push(await steps.startRound({ leadId, number, now: Date.now() }));
  const lead = await findStoredLead(database, leadId);
  if (lead === null) throw new Error('The lead is gone');
  expect(Object.keys(lead.rounds)).toEqual(['3']);
  expect(lead.lastRound).toBe(3);
  const { rounds, leftOut } = await readRounds(database, lead);
  expect([rounds.map(({ round }) => round), leftOut]).toEqual([started, 0]);
  // A late attempt of an earlier round finds the last one and asks no buyer.
  const asked = world.northwind.of('ping').length;
  expect(await steps.runRound({ leadId, now: Date.now() })).toMatchObject({ status: 'unsold', round: 3 });
  expect(world.northwind.of('ping')).toHaveLength(asked);
});

test('A worker that dies between two rounds leaves the first to the next attempt, with the outcome of its post', async () => {
  const { database, campaign, steps, northwind } = world;
  const { _id: leadId } = await storeLead(database, campaign);
  northwind.answer('ping', { body: { bid: 45 } });
  northwind.answer('post', { status: 500 });
  const uncertain = await steps.runRound({ leadId, now: Date.now() });
  if (uncertain.status !== 'uncertain') throw new Error(`The post is ${uncertain.status}`);
  for (const post of uncertain.posts) await steps.cancelPost({ leadId, ...post });
  expect(await steps.runRound({ leadId, now: Date.now() })).toMatchObject({ status: 'unsold', round: 1 });

  const lead = await findLeadForRound(database, leadId);
  if (lead === null) throw new Error('The lead is gone');
  await moveRounds(database, lead, 2);
  const asked = northwind.received.length;
  expect(await steps.runRound({ leadId, now: Date.now() })).toMatchObject({ status: 'unsold', round: 1 });
  expect(northwind.received).toHaveLength(asked);
});
