import { expect } from 'vitest';
import type { CameOut } from './cameOut.js';

/** What holds in every scenario, whatever it is about (docs/design.md, "Invariants"). */
export function expectPromisesKept({ leads, received, books }: CameOut): void {
  const requests = [...received.values()].flat();
  expect(cents(books), 'the books sum to zero').toBe(0);
  expect(
    requests.filter(({ signed }) => !signed),
    'every request to a buyer or a seller is signed',
  ).toEqual([]);

  const leadIds = [...leads.values()].map(({ story }) => story.lead_id);
  expect(
    requests.filter(
      ({ type, body }) => /^(won|billed)$/.test(type) && !leadIds.includes(String(body.lead_id)),
    ),
    'a notice of a sale names its lead',
  ).toEqual([]);

  for (const [name, { answer, story, result, personal }] of leads) {
    const others = requests.filter(({ type }) => type !== 'post').map(({ body }) => JSON.stringify(body));
    for (const value of personal) {
      expect(
        others.filter((request) => request.includes(value)),
        `${name}: only a post names the person`,
      ).toEqual([]);
      expect(JSON.stringify(result ?? {}), `${name}: the result in Temporal names nobody`).not.toContain(
        value,
      );
    }
    for (const [buyer, sent] of received) {
      const posts = sent.filter(({ type, body }) => type === 'post' && body.lead_id === story.lead_id);
      const ids = new Set(posts.map(({ body }) => body.post_id));
      const calledOff = new Set(
        sent.flatMap(({ type, body }) => (type === 'post_cancelled' ? [body.post_id] : [])),
      );
      const open = [...ids].filter((id) => !calledOff.has(id));
      expect(
        open.length,
        `${name}: ${buyer} gets one post, again and again, until it is called off`,
      ).toBeLessThanOrEqual(1);
    }
    for (const { round, contracts } of story.rounds) {
      const ids = contracts.map(({ contract }) => contract);
      expect(new Set(ids).size, `${name}, round ${round}: one outcome a contract`).toBe(ids.length);
    }
    if (result) expect(result.status, `${name}: Temporal and the store agree`).toBe(story.status);
    const earned = story.ledger.filter(({ account }) => account.startsWith('seller:'));
    if (!story.test)
      expect(cents(earned), `${name}: its price is what the books say`).toBe(
        cents([{ amount: story.price ?? 0 }]),
      );
    const isGivenBack = story.posts.some(({ status }) => status === 'returned');
    if ('price' in answer && answer.price !== undefined && !story.test && !isGivenBack)
      expect(cents(earned), `${name}: the answer is what the books say`).toBe(
        cents([{ amount: Number(answer.price) }]),
      );
  }
}

const cents = (entries: { amount: number }[]): number =>
  entries.reduce((sum, { amount }) => sum + Math.round(amount * 100), 0);
