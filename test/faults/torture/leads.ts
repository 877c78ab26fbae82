import { between, oneOf, weighted, type Draw } from './draw.js';
import { CATEGORIES, NUMBER, type Category, type SellerCode } from './market.js';

/** How a source sends a lead. `weight`: relative frequency. */
export const MANNERS = {
  patiently: {
    weight: 10,
    does: 'sends a lead with an `Idempotency-Key`, and retries after 5xx, 408, 409, 429 or no answer until it gets 200',
    expected: 'one lead, which ends `sold`, `expired` or `withdrawn`',
  },
  withoutWaiting: {
    weight: 3,
    does: 'the same with `Prefer: respond-async`',
    expected: 'the same, answered `pending` immediately',
  },
  twiceAtOnce: {
    weight: 3,
    does: 'the same to two API processes at the same moment',
    expected: 'one lead; both get its id, or one gets 409 first',
  },
  impatiently: {
    weight: 3,
    does: 'disconnects after 0.1 to 0.8 s and retries',
    expected: 'one lead',
  },
  inHalves: {
    weight: 2,
    does: 'closes the connection in the middle of the body, then sends all of it',
    expected: 'one lead: a partial body creates none',
  },
  withOtherFields: {
    weight: 1,
    does: 'sends other fields under the same key after the first answer',
    expected: '422 and no second lead',
  },
  once: {
    weight: 2,
    does: 'sends a lead without an `Idempotency-Key`, once',
    expected: 'after a 200, a lead that reaches its end; otherwise at most one lead',
  },
  withoutPhone: {
    weight: 1,
    does: 'sends a lead without its phone',
    expected: '400 and no lead',
  },
  withAForeignKey: {
    weight: 1,
    does: 'sends a lead of another seller',
    expected: '401 and no lead',
  },
} as const;

export type Manner = keyof typeof MANNERS;

/** The ones that retry until they get an answer. */
export const INSISTENT: readonly Manner[] = [
  'patiently',
  'withoutWaiting',
  'twiceAtOnce',
  'impatiently',
  'inHalves',
  'withOtherFields',
];

/** One lead of the plan. */
export interface PlannedLead {
  number: number;
  /** When it is sent, ms after the start. */
  at: number;
  seller: SellerCode;
  category: Category;
  manner: Manner;
  person: Record<string, string>;
  /** What its source does some time after it was answered. */
  later?: 'asks' | 'withdraws';
  /** How much later, ms. */
  laterMs: number;
}

/** In every name and address, so that a person is found wherever one does not belong. */
export const PERSON_MARKERS = ['quixley', 'zebulon', '@mail.example', '+1212555'];

/** @param seconds how long leads are sent */
export function planLeads(draw: Draw, seconds: number, perSecond: number): PlannedLead[] {
  const count = Math.round(seconds * perSecond);
  return Array.from({ length: count }, (_, i): PlannedLead => {
    const number = i + 1;
    const of = (word: string): number => draw('lead', number, word);
    const category = weighted(
      of('category'),
      Object.fromEntries(Object.entries(CATEGORIES).map(([name, { weight }]) => [name, weight])),
    ) as Category;
    const then = of('then');
    return {
      number,
      // Spread over the time, two or three of them now and then at once.
      at: Math.round(((i + of('at')) / count) * seconds * 1000),
      seller: CATEGORIES[category].seller,
      category,
      manner: weighted(
        of('manner'),
        Object.fromEntries(Object.entries(MANNERS).map(([name, { weight }]) => [name, weight])),
      ) as Manner,
      person: personOf(number, of),
      ...(then < 0.15 && { later: 'withdraws' as const }),
      ...(then > 0.7 && { later: 'asks' as const }),
      laterMs: between(of('later'), 0, 8000),
    };
  });
}

/** One in seven is somebody who was there before. */
function personOf(number: number, of: (word: string) => number): Record<string, string> {
  const who = of('known') < 0.15 ? between(of('who'), Math.max(1, number - 40), number) : number;
  return {
    firstName: 'Zebulon',
    lastName: `Quixley${who}`,
    phone: `212-555-${String(who % 10_000).padStart(4, '0')}`,
    email: `zebulon.quixley.${who}@mail.example`,
    state: oneOf(of('state'), ['TX', 'CA', 'FL', 'NY']),
    zip: '75001',
    [NUMBER]: String(number),
  };
}
