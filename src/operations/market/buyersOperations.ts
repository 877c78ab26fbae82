import Type from 'typebox';
import { formatInstant } from '../../market/calendar/isoTime.js';
import { MISSING } from '../../market/fields/standardFields.js';
import { formatMoney, toDecimal, toMinor } from '../../market/money.js';
import { listBuyers, type BuyerOverview } from '../../store/reports/buyersOverview.js';
import { bookTopUp, OtherCurrency } from '../../store/books/topUp.js';
import { ApiError } from '../refusal.js';
import { BuyerName } from '../inputs.js';
import { findBuyerByName } from '../findByName.js';
import { operation } from '../operation.js';

const optional = Type.Optional;
const tag = 'Buyers';

const Listed = Type.Object({
  id: Type.String(),
  active: Type.Boolean({ description: 'False: paused now' }),
  paused_until: optional(Type.String({ description: 'When it resumes by itself' })),
  circuit: Type.Unsafe<BuyerOverview['circuit']>(
    Type.String({ description: 'Whether its server answers; an open one is not asked' }),
  ),
  failing: Type.Array(Type.Unsafe<BuyerOverview['failing'][number]>(Type.String()), {
    description: 'What fails where the circuit is not closed: pings, posts or both',
  }),
  failures: Type.Array(
    Type.Object({
      of: Type.Unsafe<'pings' | 'posts'>(Type.String({ description: 'pings or posts' })),
      in_a_row: Type.Integer({ description: 'Its circuit opens after 10' }),
      left_out_until: optional(Type.String({ description: 'When one lead tries it again' })),
      reason: optional(Type.String({ description: 'Of the latest failure' })),
      detail: optional(Type.String()),
    }),
    { description: 'Failures in a row, also before its circuit opens' },
  ),
  last_24h: Type.Object(
    {
      pings: Type.Integer({ description: 'Answered or not' }),
      bids: Type.Integer(),
      posts: Type.Integer({ description: 'Each try is counted' }),
      accepted: Type.Integer(),
      unused: Type.Array(
        Type.Object({
          of: Type.Unsafe<'pings' | 'posts'>(Type.String({ description: 'pings or posts' })),
          reason: Type.String({
            description:
              'timeout, unreachable, http_error or invalid_response; of posts uncertain; no_by_status: a 4xx, which counts as a no',
          }),
          count: Type.Integer(),
          detail: optional(Type.String({ description: 'What was wrong with the latest' })),
          latest_at: Type.String(),
          latest_id: Type.String({ description: 'Its ping_id or post_id' }),
        }),
        { description: 'Answers that could not be used, the most frequent reason first' },
      ),
    },
    { description: 'The present hour and the 23 before it, test leads included' },
  ),
  leads_today: Type.Integer({ description: 'Bought since midnight, UTC, tests not counted' }),
  prepaid: optional(
    Type.Object({
      left: Type.Number({ description: 'What it can buy with' }),
      held: Type.Number({ description: 'What is held for posts under way' }),
      currency: Type.String(),
    }),
  ),
});
export type BuyerView = Type.Static<typeof Listed>;

export const showBuyers = operation({
  id: 'listBuyers',
  summary: 'List every buyer: whether it buys, how its server answers, what it has left, today’s leads',
  tag,
  method: 'GET',
  path: '/admin/buyers',
  scope: 'books:read',
  input: Type.Object({}, { title: 'the request' }),
  output: Type.Object({ buyers: Type.Array(Listed) }, { $id: 'Buyers', title: 'Buyers' }),
  run: async ({ database }) => ({ buyers: (await listBuyers(database, Date.now())).map(view) }),
});

const view = ({
  id,
  active,
  pausedUntil,
  circuit,
  failing,
  troubles,
  answers,
  prepaid,
  today,
}: BuyerOverview): BuyerView => ({
  id,
  active,
  paused_until: pausedUntil === undefined ? undefined : formatInstant(pausedUntil),
  circuit,
  failing,
  failures: troubles.map(({ of, failures, until, last }) => ({
    of,
    in_a_row: failures,
    left_out_until: until === undefined ? undefined : new Date(until).toISOString(),
    reason: last?.reason,
    detail: last?.detail,
  })),
  last_24h: {
    pings: answers.pings,
    bids: answers.bids,
    posts: answers.posts,
    accepted: answers.accepted,
    unused: answers.faults.map(({ of, reason, count, last }) => ({
      of,
      reason,
      count,
      detail: last.detail,
      latest_at: last.at.toISOString(),
      latest_id: last.id,
    })),
  },
  leads_today: today,
  prepaid: prepaid && {
    left: toDecimal(prepaid.left, prepaid.currency),
    held: toDecimal(prepaid.held, prepaid.currency),
    currency: prepaid.currency,
  },
});

/** Begins with a letter or a digit: a spreadsheet takes nothing in a statement for a formula. */
export const PaymentRef = Type.Refine(
  Type.String({
    title: 'a payment’s name (letters, digits and .,:;/#_()+- with a letter or digit first, at most 100)',
    examples: ['wire 4711'],
    description:
      'What the payment is called where it came from; the same one is booked once. Needed, unless there is an Idempotency-Key',
  }),
  (text) => /^[\p{L}\p{N}][\p{L}\p{N} .,:;/#_()+-]{0,99}$/u.test(text),
);

const Booked = Type.Object(
  {
    buyer: Type.String(),
    booking_id: Type.String(),
    ref: optional(Type.String()),
    booked_before: Type.Boolean({
      description: 'Whether the payment was booked already, and nothing was done',
    }),
    amount: Type.Number(),
    balance: Type.Number({ description: 'What the buyer has left' }),
    currency: Type.String(),
  },
  { $id: 'TopUp', title: 'A payment' },
);
export type TopUpView = Type.Static<typeof Booked>;

export const topUpBuyer = operation({
  id: 'topUpBuyer',
  summary: 'Book what a prepaid buyer has paid in; it buys with it at once',
  tag,
  method: 'POST',
  path: '/admin/buyers/:buyer_id/topups',
  scope: 'books:write',
  input: Type.Object(
    {
      buyer_id: BuyerName,
      amount: Type.Number({
        title: 'an amount above zero',
        examples: ['500.00'],
        exclusiveMinimum: 0,
        maximum: 999_999_999_999,
        description: 'In the buyer’s currency',
      }),
      ref: optional(PaymentRef),
      idempotency_key: optional(
        Type.String({
          title: 'a key of 1 to 255 characters',
          examples: ['4b6e2e0a-8f0f-4c9e-9a55-1f1c7e3e6f0d'],
          minLength: 1,
          maxLength: 255,
          description: 'Names the payment if it has no `ref`',
        }),
      ),
    },
    { title: 'the request' },
  ),
  headers: ['idempotency_key'],
  output: Booked,
  failures: ['notFound', 'conflict'],
  async run({ database, by }, { buyer_id: buyer, amount: decimal, ref, idempotency_key: key }) {
    if (ref === undefined && key === undefined) throw nameless();
    const { balance, currency = 'USD' } = await findBuyerByName(database, buyer);
    if (balance === undefined)
      throw new ApiError(
        'conflict',
        `${buyer} is billed on account; give it a balance in the market file to have it pay before.`,
      );
    const amount = toMinor(decimal, currency);
    if (amount === undefined)
      throw new ApiError(
        'invalidField',
        `${decimal} is not an amount that ${currency} can express; send fewer decimals.`,
      );
    const topUp = { buyer, amount, currency };
    const payment = ref === undefined ? { ...topUp, key: key ?? '' } : { ...topUp, ref };
    const booked = await bookTopUp(database, payment, by).catch((error: unknown) => {
      throw error instanceof OtherCurrency ? changedMeanwhile(buyer) : error;
    });
    if (booked.amount !== amount || booked.currency !== currency)
      throw new ApiError(
        'conflict',
        `${ref === undefined ? 'A payment with this Idempotency-Key' : `"${ref}"`} is booked already, with ${formatMoney(booked.amount, booked.currency)}; nothing was changed. Another payment needs another ${ref === undefined ? 'key' : 'ref'}.`,
      );
    return {
      buyer,
      booking_id: booked.id,
      ref,
      booked_before: !booked.isNew,
      amount: toDecimal(amount, currency),
      balance: toDecimal(booked.balance, currency),
      currency,
    };
  },
});

const changedMeanwhile = (buyer: string): ApiError =>
  new ApiError(
    'conflict',
    `The currency of ${buyer}’s balance was changed meanwhile; nothing was booked. Read the buyer again, and send the amount in its currency.`,
  );

const nameless = (): ApiError =>
  new ApiError(
    'missingField',
    'Name the payment by `ref`, or send an Idempotency-Key: sent twice without one, it would be booked twice.',
    { fields: [{ field: 'ref', problem: MISSING }] },
  );
