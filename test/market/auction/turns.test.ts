import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addChanges,
  settleTurns,
  takeTurns,
  turnOrder,
  type Contender,
  type Credits,
} from '../../../src/market/auction/turns.js';

const contenders = (weights: Record<string, number>): Contender[] =>
  Object.entries(weights).map(([id, weight]) => ({ id, weight }));

/** A lead with one place. */
const takeTurn = (credits: Credits, all: readonly Contender[]) => takeTurns(credits, all, 1);

const NOBODY: ReadonlySet<string> = new Set();

/** The holders of successive turns among the same contenders. */
function takers(weights: Record<string, number>, turns: number, credits: Credits = {}): string[] {
  const names: string[] = [];
  for (let i = 0; i < turns; i++) {
    const { order, changes } = takeTurn(credits, contenders(weights));
    credits = addChanges(credits, changes);
    names.push(order[0]?.id ?? '');
  }
  return names;
}

const counted = (names: string[]) =>
  Object.fromEntries(
    [...new Set(names)].sort().map((name) => [name, names.filter((one) => one === name).length]),
  );

describe('Turns are fair', () => {
  test('equal weights are a round robin', () => {
    const names = takers({ north: 1, fab: 1, con: 1 }, 30);
    expect(new Set(names.slice(0, 3)).size).toBe(3);
    expect(names).toEqual(Array.from({ length: 10 }, () => names.slice(0, 3)).flat());
  });

  test('weights of 3 and 1 give three turns and one, spread evenly', () => {
    const round = ['north', 'north', 'fab', 'north'];
    expect(takers({ north: 3, fab: 1 }, 8)).toEqual([...round, ...round]);
  });

  test('a heavy weight does not wait for a hundred light ones', () => {
    const light = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`light${i}`, 1]));
    const names = takers({ ...light, heavy: 100 }, 20);
    expect(names.filter((name) => name === 'heavy')).toHaveLength(10);
  });

  test('a contender that was capped for a while returns to its share without a burst', () => {
    const before = ['fab', 'con', 'north'].reduce<Credits>((credits) => {
      const { changes } = takeTurn(credits, contenders({ north: 1, fab: 1, con: 1 }));
      return addChanges(credits, changes);
    }, {});
    const meanwhile = Array.from({ length: 100 }).reduce<Credits>((credits) => {
      const { changes } = takeTurn(credits, contenders({ fab: 1, con: 1 }));
      return addChanges(credits, changes);
    }, before);
    expect(counted(takers({ north: 1, fab: 1, con: 1 }, 9, meanwhile))).toEqual({ north: 3, fab: 3, con: 3 });
  });

  test('a contender for every second lead gets its share of those', () => {
    let credits: Credits = {};
    const names: string[] = [];
    for (let i = 0; i < 600; i++) {
      const present: Record<string, number> = i % 2 === 0 ? { north: 1, fab: 1, con: 1 } : { fab: 1, con: 1 };
      const { order, changes } = takeTurn(credits, contenders(present));
      credits = addChanges(credits, changes);
      names.push(order[0]?.id ?? '');
    }
    expect(counted(names)).toEqual({ north: 100, fab: 250, con: 250 });
  });

  test('contenders whose hashes are the same have turns in the order of their names', () => {
    expect(takers({ safuva: 1, ijptej: 1 }, 2)).toEqual(['ijptej', 'safuva']);
    expect(takers({ ijptej: 1, safuva: 1 }, 2)).toEqual(['ijptej', 'safuva']);
  });

  test('the second place counts what the first one changed', () => {
    // Without the share of the first turn, a heavy contender that has had more than its share is owed nothing yet.
    const credits = { first: 0.8, heavy: -0.8 };
    const { order } = takeTurns(credits, contenders({ light: 1, heavy: 3, first: 1 }), 2);
    expect(order.map(({ id }) => id)).toEqual(['first', 'heavy', 'light']);
  });

  test('a lead without contenders uses no turn', () => {
    expect(takeTurn({}, [])).toEqual({ order: [], changes: {} });
    expect(settleTurns([], 1, NOBODY, NOBODY)).toEqual({});
  });
});

/** Offers each lead in order of turns until a contender buys it; returns the number bought by each. */
function sold(weights: Record<string, number>, leads: number, buys: (id: string, lead: number) => boolean) {
  let credits: Credits = {};
  const buyers: string[] = [];
  const first: string[] = [];
  for (let lead = 0; lead < leads; lead++) {
    const turn = takeTurn(credits, contenders(weights));
    const ids = turn.order.map(({ id }) => id);
    const taker = ids.find((id) => buys(id, lead));
    const sent = new Set(taker === undefined ? ids : ids.slice(0, ids.indexOf(taker) + 1));
    credits = addChanges(addChanges(credits, turn.changes), settleTurns(turn.order, 1, sent, NOBODY));
    first.push(ids[0] ?? '');
    if (taker !== undefined) buyers.push(taker);
  }
  return { bought: counted(buyers), first: counted(first) };
}

describe('A turn is used', () => {
  const { order, changes } = takeTurn({}, contenders({ north: 1, fab: 1, con: 1 }));
  const [first = '', second = '', third = ''] = order.map(({ id }) => id);

  test('by the contender that bought the lead; nothing remains to settle', () => {
    expect(settleTurns(order, 1, new Set([first]), NOBODY)).toEqual({});
  });

  test('by the contender that refused the lead and by the one that bought it afterwards', () => {
    const credits = addChanges(changes, settleTurns(order, 1, new Set([first, second]), NOBODY));
    expect(credits[first]).toBeCloseTo(1 / 3 - 1);
    expect(credits[second]).toBeCloseTo(1 / 3 + 1 / 2 - 1);
    expect(credits[third]).toBeCloseTo(1 / 3 + 1 / 2);
  });

  test('by no contender if the lead was sent to none', () => {
    expect(Object.values(addChanges(changes, settleTurns(order, 1, NOBODY, NOBODY)))).toEqual([0, 0, 0]);
  });

  test('not by a contender that turned out to be capped; it is treated as absent', () => {
    const credits = addChanges(changes, settleTurns(order, 1, new Set([second]), new Set([first])));
    expect(credits[first]).toBeCloseTo(0);
    expect(credits[second]).toBeCloseTo(-0.5);
    expect(turnOrder(credits, order)[0]?.id).not.toBe(second);
  });

  test('for each place of a shared lead, and by a contender that is offered a refused place', () => {
    const shared = takeTurns({}, contenders({ north: 1, fab: 1, con: 1 }), 2);
    const ids = shared.order.map(({ id }) => id);
    expect(settleTurns(shared.order, 2, new Set(ids.slice(0, 2)), NOBODY)).toEqual({});
    const credits = addChanges(shared.changes, settleTurns(shared.order, 2, new Set(ids), NOBODY));
    const [one = 0, two = 0, three = 0] = ids.map((id) => credits[id]);
    expect(one).toBeCloseTo(1 / 3 - 1);
    expect(two).toBeCloseTo(1 / 3 + 1 / 2 - 1);
    expect(three).toBeCloseTo(1 / 3 + 1 / 2);
  });

  test('by no contender for a test lead: it has an order and costs nothing', () => {
    const { order: all, changes: none } = takeTurns({ north: -1 }, contenders({ north: 1, fab: 1 }), 0);
    expect(all.map(({ id }) => id)).toEqual(['fab', 'north']);
    expect(none).toEqual({});
  });
});

describe('A contender that refuses', () => {
  test('every lead is asked first only in its turns, and the others share its leads', () => {
    const { bought, first } = sold({ north: 1, fab: 1, con: 1 }, 300, (id) => id !== 'north');
    expect(first.north).toBe(100);
    expect(bought).toEqual({ con: 150, fab: 150 });
  });

  test('every second lead gets half of its share', () => {
    let asked = 0;
    const { bought } = sold({ north: 1, fab: 1, con: 1 }, 600, (id) => id !== 'north' || asked++ % 2 === 0);
    expect(bought).toEqual({ north: 100, fab: 250, con: 250 });
  });

  test('a hundred leads does not save up turns', () => {
    const { bought } = sold({ north: 1, fab: 1 }, 120, (id, lead) => id !== 'north' || lead >= 100);
    expect(bought).toEqual({ north: 10, fab: 110 });
  });

  test('leaves the others their shares by weight', () => {
    const { bought } = sold({ north: 5, fab: 3, con: 1 }, 900, (id) => id !== 'north');
    expect(bought).toEqual({ fab: 675, con: 225 });
  });
});

describe('Any contenders over any number of turns', () => {
  const group = fc
    .uniqueArray(fc.stringMatching(/^[a-z0-9]{1,8}$/), { minLength: 1, maxLength: 12 })
    .map((buyers) => buyers.map((buyer) => `ACME1234/solar/${buyer}`))
    .chain((ids) =>
      fc.tuple(
        ...ids.map((id) => fc.record({ id: fc.constant(id), weight: fc.integer({ min: 1, max: 100 }) })),
      ),
    );

  /** Runs turns among the contenders in `present`; returns the largest deviation from the shares by weight. */
  function play(all: Contender[], turns: number, present: (turn: number) => Contender[]) {
    let credits: Credits = {};
    const had = new Map(all.map(({ id }) => [id, 0]));
    const fair = new Map(all.map(({ id }) => [id, 0]));
    let furthest = 0;
    for (let turn = 0; turn < turns; turn++) {
      const contending = present(turn);
      if (contending.length === 0) continue;
      const total = contending.reduce((sum, { weight }) => sum + weight, 0);
      const { order, changes } = takeTurn(credits, contending);
      credits = addChanges(credits, changes);
      const [taker] = order;
      if (taker) had.set(taker.id, (had.get(taker.id) ?? 0) + 1);
      for (const { id, weight } of contending) fair.set(id, (fair.get(id) ?? 0) + weight / total);
      for (const { id } of all)
        furthest = Math.max(furthest, Math.abs((had.get(id) ?? 0) - (fair.get(id) ?? 0)));
    }
    return furthest;
  }

  test('always have their shares to within one turn if the contenders stay the same', () => {
    fc.assert(
      fc.property(group, fc.integer({ min: 1, max: 40 }), (all, turns) => {
        expect(play(all, turns, () => all)).toBeLessThan(1);
      }),
      { numRuns: 2000 },
    );
  });

  test('have their shares of their own turns to within two turns if the contenders vary', () => {
    fc.assert(
      fc.property(group, fc.array(fc.nat(4095), { maxLength: 30 }), (all, masks) => {
        const furthest = play(all, masks.length, (turn) =>
          all.filter((_, i) => ((masks[turn] ?? 0) >> i) & 1),
        );
        expect(furthest).toBeLessThan(2);
      }),
      { numRuns: 2000 },
    );
  });

  test('are offered the lead in an order independent of the input order, and the credits sum to zero', () => {
    const credits = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(group, credits, fc.nat(11), (all, owed, pick) => {
        const given = Object.fromEntries(all.map(({ id }, i) => [id, owed[i] ?? 0]));
        const order = turnOrder(given, all);
        expect(turnOrder(given, all.toReversed())).toEqual(order);
        expect(order.map(({ id }) => id).sort()).toEqual(all.map(({ id }) => id).sort());
        const sent = new Set(order.filter((_, i) => (pick >> (i % 4)) & 1).map(({ id }) => id));
        const away = new Set(order.filter(({ id }, i) => !sent.has(id) && i % 3 === 0).map(({ id }) => id));
        const changes = Object.values(settleTurns(order, 1 + (pick % 3), sent, away));
        expect(changes.reduce((sum, change) => sum + change, 0)).toBeCloseTo(0);
      }),
      { numRuns: 2000 },
    );
  });
});
