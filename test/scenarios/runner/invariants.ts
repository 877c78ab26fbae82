import { expect } from 'vitest';
import type { Results } from './results.js';

/** Checks the invariants that hold in every scenario (docs/design.md, "Invariants"). */
export function expectInvariants({ leads, received, books, ownProtocols }: Results): void {
  const requests = [...received.values()].flat();
  const inOwnProtocol = new Set(ownProtocols.flatMap((buyer) => received.get(buyer) ?? []));
  expect(cents(books), 'the books sum to zero').toBe(0);
  expect(
    requests.filter((request) => !request.signed && !inOwnProtocol.has(request)),
    'every request to a buyer or a seller is signed, except those in a buyer’s own protocol',
  ).toEqual([]);

  const leadIds = [...leads.values()].map(({ story }) => story.lead_id);
  expect(
    requests.filter(
      ({ type, body }) => /^(won|billed)$/.test(type) && !leadIds.includes(String(body.lead_id)),
    ),
    'a won or billed notice names its lead',
  ).toEqual([]);

  for (const [name, { answer, story, result, personal }] of leads) {
    const others = requests.filter(({ type }) => type !== 'post').map(({ body }) => JSON.stringify(body));
    for (const value of personal) {
      expect(
        others.filter((request) => request.includes(value)),
        `${name}: only a post names the person`,
      ).toEqual([]);
      expect(JSON.stringify(result ?? {}), `${name}: the result in Temporal names no person`).not.toContain(
        value,
      );
    }
    for (const [buyer, sent] of received) {
      const posts = sent.filter(({ type, body }) => type === 'post' && body.lead_id === story.lead_id);
      const ids = new Set(posts.map(({ body }) => body.post_id));
      const cancelled = new Set(
        sent.flatMap(({ type, body }) => (type === 'post_cancelled' ? [body.post_id] : [])),
      );
      const open = [...ids].filter((id) => !cancelled.has(id));
      expect(
        open.length,
        `${name}: ${buyer} gets at most one post that is not cancelled`,
      ).toBeLessThanOrEqual(1);
    }
    for (const { round, contracts } of story.rounds) {
      const ids = contracts.map(({ contract }) => contract);
      expect(new Set(ids).size, `${name}, round ${round}: one outcome per contract`).toBe(ids.length);
    }
    if (result) expect(result.status, `${name}: Temporal and the store agree`).toBe(story.status);
    const earned = story.ledger.filter(({ account }) => account.startsWith('seller:'));
    if (!story.test)
      expect(cents(earned), `${name}: its price matches the books`).toBe(
        cents([{ amount: story.price ?? 0 }]),
      );
    const isReturned = story.posts.some(({ status }) => status === 'returned');
    if ('price' in answer && answer.price !== undefined && !story.test && !isReturned)
      expect(cents(earned), `${name}: the answer matches the books`).toBe(
        cents([{ amount: Number(answer.price) }]),
      );
  }
}

const cents = (entries: { amount: number }[]): number =>
  entries.reduce((sum, { amount }) => sum + Math.round(amount * 100), 0);
