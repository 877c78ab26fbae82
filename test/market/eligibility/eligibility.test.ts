import { describe, expect, test } from 'vitest';
import { compileSchedule } from '../../../src/market/calendar/schedule.js';
import { compileContracts, type CompiledContract } from '../../../src/market/eligibility/compileCampaign.js';
import {
  campaignExclusion,
  leadExclusion,
  scheduleExclusion,
  type LeadInRound,
} from '../../../src/market/eligibility/eligibility.js';
import type { LeadFacts } from '../../../src/market/model/lead.js';
import type { Exclusion } from '../../../src/market/model/round.js';
import type { Buyer, Contract } from '../../../src/market/model/market.js';
import { buyerOf, CAMPAIGN, campaignOf, contractOf, HOUR, MINUTE, START } from '../simulate/live.js';

const ID = `${CAMPAIGN}/best`;

function ready(terms: Partial<Contract> = {}, buyer: Partial<Buyer> = {}, others = 0): CompiledContract {
  const contracts = [
    contractOf('best', terms),
    ...Array.from({ length: others }, (_, i) => contractOf(`other-${i}`)),
  ];
  const buyers = new Map(
    contracts.map((one) => [one.buyer, buyerOf(one.buyer, one.buyer === 'best' ? buyer : {})]),
  );
  const [first] = compileContracts(campaignOf(), contracts, buyers);
  if (first === undefined) throw new Error('There is no contract');
  return first;
}

const lead = (facts: Partial<LeadFacts> = {}, more: Partial<LeadInRound> = {}): LeadInRound => ({
  facts: {
    leadId: 'l',
    seller: 'ACME1234',
    category: 'Auto Insurance',
    state: 'TX',
    receivedAt: START,
    test: false,
    ...facts,
  },
  fields: {},
  currency: 'USD',
  source: 'form',
  offered: {},
  ...more,
});

describe('No contract may buy', () => {
  const until = { pausedUntil: START + HOUR };
  const paused = (what: string): Exclusion => ({ reason: 'paused', detail: what });

  test.each<[string, { active: boolean }, Parameters<typeof campaignExclusion>[1], Exclusion | undefined]>([
    ['while the seller is paused', { active: false }, campaignOf(), paused('the seller')],
    ['while the campaign is paused', { active: true }, campaignOf({ active: false }), paused('the campaign')],
    [
      'before the campaign’s pause is over',
      { active: true },
      campaignOf(until),
      {
        reason: 'paused',
        detail: 'the campaign, until 2026-11-24 13:00:00 UTC',
        change: { at: START + HOUR, what: 'resume' },
      },
    ],
    [
      'for an end that does not matter, if the campaign is paused for longer',
      { active: true },
      campaignOf({ ...until, active: false }),
      paused('the campaign'),
    ],
    [
      'a lead in another currency',
      { active: true },
      campaignOf({ currency: 'EUR' }),
      { reason: 'closed', detail: 'the campaign changed from USD to EUR' },
    ],
  ])('%s', (_, seller, campaign, refused) => {
    expect(campaignExclusion(seller, campaign, lead(), START)).toEqual(refused);
  });

  test('unless nothing is paused', () => {
    expect(campaignExclusion({ active: true }, campaignOf(), lead(), START)).toBeUndefined();
    expect(campaignExclusion({ active: true }, campaignOf(until), lead(), START + HOUR)).toBeUndefined();
  });
});

describe('A contract does not take a lead', () => {
  const priced = { price: 100 };
  test.each<[string, () => CompiledContract, LeadInRound, number, Exclusion]>([
    [
      'while it is paused',
      () => ready({ active: false }),
      lead(),
      0,
      { reason: 'paused', detail: 'the contract' },
    ],
    [
      'while its buyer is paused',
      () => ready({}, { active: false }),
      lead(),
      0,
      { reason: 'paused', detail: 'the buyer' },
    ],
    [
      'that it gave back, whatever it says of repeated offers',
      () => ready({ delivery: { attempts: 1, within: 0, spacing: 1, atEnd: 'moveOn', again: true } }),
      lead({}, { offered: { [ID]: 'returned' } }),
      0,
      { reason: 'refused', detail: 'it gave the lead back' },
    ],
    [
      'that it refused',
      () => ready({ delivery: { attempts: 1, within: 0, spacing: 1, atEnd: 'moveOn', again: true } }),
      lead({}, { offered: { [ID]: 'refused' } }),
      0,
      { reason: 'refused', detail: 'in an earlier round' },
    ],
    [
      'that it may have',
      () => ready(),
      lead({}, { offered: { [ID]: 'uncertain' } }),
      0,
      { reason: 'uncertain', detail: 'in an earlier round' },
    ],
    [
      'from another state',
      () => ready({ states: ['CA', 'NY'] }),
      lead(),
      0,
      { reason: 'state', detail: 'buys CA, NY only' },
    ],
    [
      'from another state, of many that it buys',
      () => ready({ states: ['CA', 'NY', 'FL', 'OH', 'MI', 'NV', 'UT', 'AZ'] }),
      lead(),
      0,
      { reason: 'state', detail: 'buys CA, NY, FL, OH, MI, NV and 2 other states only' },
    ],
    [
      'from another state, of seven that it buys',
      () => ready({ states: ['CA', 'NY', 'FL', 'OH', 'MI', 'NV', 'UT'] }),
      lead(),
      0,
      { reason: 'state', detail: 'buys CA, NY, FL, OH, MI, NV, UT only' },
    ],
    [
      'from another state, in short in a campaign of more than 30 contracts',
      () => ready({ states: ['CA'] }, {}, 30),
      lead(),
      0,
      { reason: 'state', detail: 'does not buy TX' },
    ],
    [
      'from another state, by name in a campaign of 30 contracts',
      () => ready({ states: ['CA'] }, {}, 29),
      lead(),
      0,
      { reason: 'state', detail: 'buys CA only' },
    ],
    [
      'without a state',
      () => ready({ states: ['CA'] }, {}, 30),
      lead({ state: undefined }),
      0,
      { reason: 'state', detail: 'does not buy leads without a state' },
    ],
    [
      'from a source that it does not name',
      () => ready({ sources: { only: ['feed'] } }),
      lead(),
      0,
      { reason: 'filtered', detail: 'source form is not in sources.only' },
    ],
    [
      'from a source that it excludes',
      () => ready({ sources: { not: ['form'] } }),
      lead(),
      0,
      { reason: 'filtered', detail: 'source form is in sources.not' },
    ],
    [
      'before its delay is over',
      () => ready({ delay: HOUR }),
      lead(),
      HOUR - 1,
      {
        reason: 'not_yet',
        detail: 'offered from 2026-11-24 13:00:00 UTC',
        change: { at: START + HOUR, what: 'delay' },
      },
    ],
    [
      'that has reached its oldest age',
      () => ready({ until: 2 * HOUR }),
      lead(),
      2 * HOUR,
      { reason: 'closed', detail: 'the lead is older than 2h' },
    ],
    [
      'outside of its hours',
      () => ready({ schedule: { timezone: 'UTC', open: ['Mon-Sun 08:00-09:00'] } }),
      lead(),
      0,
      {
        reason: 'closed',
        detail: 'opens 2026-11-25 08:00:00 UTC',
        change: { at: START + 20 * HOUR, what: 'opening' },
      },
    ],
    [
      'without a ping or a price',
      () => ready({}, { ping: undefined }),
      lead(),
      0,
      { reason: 'no_bid', detail: 'the buyer has neither a ping nor a price' },
    ],
  ])('%s', (_, contract, of, age, refused) => {
    expect(leadExclusion(contract(), of, START + age)).toEqual(refused);
  });

  test.each<[string, () => CompiledContract, LeadInRound, number]>([
    ['unless nothing speaks against it', () => ready(), lead(), 0],
    ['unless its state is bought', () => ready({ states: ['CA', 'TX'] }), lead(), 0],
    ['unless it buys in every state', () => ready(), lead({ state: undefined }), 0],
    ['unless it names the source', () => ready({ sources: { only: ['form'] } }), lead(), 0],
    ['unless it excludes another source', () => ready({ sources: { not: ['feed'] } }), lead(), 0],
    ['unless its delay is over', () => ready({ delay: HOUR }), lead(), HOUR],
    ['unless the lead is younger than it takes', () => ready({ until: HOUR }), lead(), HOUR - 1],
    [
      'unless it is open',
      () => ready({ schedule: { timezone: 'UTC', open: ['Mon-Sun 08:00-20:00'] } }),
      lead(),
      0,
    ],
    ['unless it has a price instead of a ping', () => ready(priced, { ping: undefined }), lead(), 0],
    ['unless it has a shared price', () => ready({ sharedPrice: 100 }, { ping: undefined }), lead(), 0],
    [
      'unless it wants an uncertain one again',
      () => ready({ delivery: { attempts: 1, within: 0, spacing: 1, atEnd: 'moveOn', again: true } }),
      lead({}, { offered: { [ID]: 'uncertain' } }),
      0,
    ],
    ['unless another contract refused it', () => ready(), lead({}, { offered: { other: 'refused' } }), 0],
  ])('%s', (_, contract, of, age) => {
    expect(leadExclusion(contract(), of, START + age)).toBeUndefined();
  });
});

describe('A schedule', () => {
  const weekday = compileSchedule({ timezone: 'UTC', open: ['Tue 12:00-13:00'] });

  test('says when it opens, however often and late it is asked', () => {
    const next = { reason: 'closed', change: { at: START + 7 * 24 * HOUR, what: 'opening' } };
    const after = { reason: 'closed', change: { at: START + 14 * 24 * HOUR, what: 'opening' } };
    const at = (ms: number) => scheduleExclusion(weekday, START + ms);
    expect(at(0)).toBeUndefined();
    expect(at(HOUR)).toMatchObject(next);
    expect(at(2 * HOUR)).toMatchObject(next);
    expect(at(7 * 24 * HOUR)).toBeUndefined();
    expect(at(7 * 24 * HOUR + HOUR)).toMatchObject(after);
    // A clock may go back.
    expect(at(2 * HOUR + MINUTE)).toMatchObject(next);
    expect(at(-MINUTE)).toMatchObject({ change: { at: START } });
  });

  test('is open if there is none', () => {
    expect(scheduleExclusion(undefined, START)).toBeUndefined();
  });
});

describe('The contracts of a campaign', () => {
  test('are compiled in their order, without those of unknown buyers', () => {
    const contracts = ['b', 'gone', 'a'].map((buyer) => contractOf(buyer));
    const buyers = new Map(['a', 'b'].map((id) => [id, buyerOf(id)]));
    expect(compileContracts(campaignOf(), contracts, buyers).map(({ buyer }) => buyer.id)).toEqual([
      'b',
      'a',
    ]);
  });

  test('are limited by their own limits, or by a prepaid buyer', () => {
    expect(ready().limited).toBe(false);
    expect(ready({ caps: { day: 1 } }).limited).toBe(true);
    expect(ready({}, { balance: 0 }).limited).toBe(true);
  });

  test('share what is compiled of equal terms, and of no others', () => {
    const schedule = { timezone: 'UTC', open: ['Mon 08:00-09:00'] };
    expect(ready({ schedule }).schedule).toBe(ready({ schedule: { ...schedule } }).schedule);
    expect(ready({ schedule }).schedule).not.toBe(
      ready({ schedule: { ...schedule, timezone: 'America/Chicago' } }).schedule,
    );
  });
});
