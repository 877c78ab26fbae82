import Type from 'typebox';
import { formatInstant } from '../../market/calendar/isoTime.js';
import { MISSING } from '../../market/fields/standardFields.js';
import { formatMoney, toDecimal, toMinor } from '../../market/money.js';
import { listBuyers, type BuyerOverview } from '../../store/reports/buyersOverview.js';
import { bookTopUp, OtherCurrency } from '../../store/books/topUp.js';
import { OperationError, conflict, invalidField } from '../operationError.js';
import { BuyerName } from '../inputs.js';
import { findBuyerByName } from '../findByName.js';
import { operation } from '../operation.js';

const optional = Type.Optional;
const tag = 'Buyers';

const Listed = Type.Object({
  id: Type.String(),
  active: Type.Boolean({ description: 'False while paused' }),
  paused_until: optional(Type.String({ description: 'When it resumes automatically' })),
  circuit: Type.Unsafe<BuyerOverview['circuit']>(
    Type.String({ description: 'State of its circuit breaker; while open, the buyer is not asked' }),
  ),
  failing: Type.Array(Type.Unsafe<BuyerOverview['failing'][number]>(Type.String()), {
    description: 'What fails if the circuit is not closed: pings, posts or both',
  }),
  failures: Type.Array(
    Type.Object({
      of: Type.Unsafe<'pings' | 'posts'>(Type.String({ description: 'pings or posts' })),
      in_a_row: Type.Integer({ description: 'Consecutive failures; the circuit opens after 10' }),
      left_out_until: optional(
        Type.String({ description: 'While left out: when one lead tries the buyer again' }),
      ),
      reason: optional(Type.String({ description: 'Reason of the latest failure' })),
      detail: optional(Type.String()),
    }),
    { description: 'Consecutive failures, even if the circuit is still closed' },
  ),
  last_24h: Type.Object(
    {
      pings: Type.Integer({ description: 'All pings, answered or not' }),
      bids: Type.Integer(),
      posts: Type.Integer({ description: 'All attempts' }),
      accepted: Type.Integer(),
      unused: Type.Array(
        Type.Object({
          of: Type.Unsafe<'pings' | 'posts'>(Type.String({ description: 'pings or posts' })),
          reason: Type.String({
            description:
              'timeout, unreachable, http_error or invalid_response; for posts also uncertain; no_by_status: a 4xx, which counts as a refusal',
          }),
          count: Type.Integer(),
          detail: optional(Type.String({ description: 'Problem of the latest response' })),
          latest_at: Type.String(),
          latest_id: Type.String({ description: 'The ping_id or post_id of the latest response' }),
        }),
        { description: 'Unusable responses, most frequent reason first' },
      ),
    },
    { description: 'The current hour and the 23 before it, including test leads' },
  ),
  leads_today: Type.Integer({ description: 'Leads bought since midnight, UTC, without tests' }),
  prepaid: optional(
    Type.Object({
      left: Type.Number({ description: 'Available balance' }),
      reserved: Type.Number({ description: 'Reserved for posts in progress' }),
      currency: Type.String(),
    }),
  ),
});
export type BuyerView = Type.Static<typeof Listed>;

export const showBuyers = operation({
  id: 'listBuyers',
  summary: 'List buyers, with pause, state of their server, balance and leads of today',
  tag,
  route: 'GET /admin/buyers',
  scope: 'books:read',
  input: {},
  output: Type.Object({ buyers: Type.Array(Listed) }, { $id: 'Buyers', title: 'Buyers' }),
  run: async ({ database }) => ({ buyers: (await listBuyers(database, Date.now())).map(view) }),
});

function view({ answers, prepaid, ...buyer }: BuyerOverview): BuyerView {
  const { faults, ...counts } = answers;
  return {
    id: buyer.id,
    active: buyer.active,
    paused_until: buyer.pausedUntil === undefined ? undefined : formatInstant(buyer.pausedUntil),
    circuit: buyer.circuit,
    failing: buyer.failing,
    failures: buyer.troubles.map(({ of, failures, until, last }) => ({
      of,
      in_a_row: failures,
      left_out_until: until === undefined ? undefined : new Date(until).toISOString(),
      reason: last?.reason,
      detail: last?.detail,
    })),
    last_24h: {
      ...counts,
      unused: faults.map(({ of, reason, count, last }) => ({
        of,
        reason,
        count,
        detail: last.detail,
        latest_at: last.at.toISOString(),
        latest_id: last.id,
      })),
    },
    leads_today: buyer.today,
    prepaid: prepaid && {
      left: toDecimal(prepaid.left, prepaid.currency),
      reserved: toDecimal(prepaid.reserved, prepaid.currency),
      currency: prepaid.currency,
    },
  };
}

/** Starts with a letter or digit, so that no spreadsheet reads it as a formula. */
export const PaymentRef = Type.Refine(
  Type.String({
    title: 'a payment’s name (letters, digits and .,:;/#_()+- with a letter or digit first, at most 100)',
    examples: ['wire 4711'],
    description: 'The payment’s reference, booked only once. Required without an Idempotency-Key',
  }),
  (text) => /^[\p{L}\p{N}][\p{L}\p{N} .,:;/#_()+-]{0,99}$/u.test(text),
);

const Booked = Type.Object(
  {
    buyer: Type.String(),
    booking_id: Type.String(),
    ref: optional(Type.String()),
    booked_before: Type.Boolean({
      description: 'Whether the payment was already booked, so that nothing changed',
    }),
    amount: Type.Number(),
    balance: Type.Number({ description: 'The buyer’s new balance' }),
    currency: Type.String(),
  },
  { $id: 'TopUp', title: 'A payment' },
);
export type TopUpView = Type.Static<typeof Booked>;

export const topUpBuyer = operation({
  id: 'topUpBuyer',
  summary: 'Book a payment of a prepaid buyer, which is available at once',
  tag,
  route: 'POST /admin/buyers/:buyer_id/topups',
  scope: 'books:write',
  input: {
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
        description: 'Identifies a payment without `ref`',
      }),
    ),
  },
  headers: ['idempotency_key'],
  output: Booked,
  failures: ['notFound', 'conflict'],
  async run({ database, by }, { buyer_id: buyer, amount: decimal, ref, idempotency_key: key }) {
    if (ref === undefined && key === undefined) throw nameless();
    const { balance, currency = 'USD' } = await findBuyerByName(database, buyer);
    if (balance === undefined)
      throw conflict(`${buyer} is not prepaid. To make it prepaid, give it a balance in the market file.`);
    const amount = toMinor(decimal, currency);
    if (amount === undefined)
      throw invalidField(`${decimal} has too many decimals for ${currency}. Send fewer decimals.`);
    const topUp = { buyer, amount, currency };
    const payment = ref === undefined ? { ...topUp, key: key ?? '' } : { ...topUp, ref };
    const booked = await bookTopUp(database, payment, by).catch((error: unknown) => {
      throw error instanceof OtherCurrency ? changedMeanwhile(buyer) : error;
    });
    if (booked.amount !== amount || booked.currency !== currency)
      throw conflict(
        `${ref === undefined ? 'A payment with this Idempotency-Key' : `"${ref}"`} is already booked, with ${formatMoney(booked.amount, booked.currency)}. Nothing was changed. For another payment, send another ${ref === undefined ? 'key' : 'ref'}.`,
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

const changedMeanwhile = (buyer: string): OperationError =>
  conflict(
    `The currency of ${buyer}’s balance was modified concurrently. Nothing was booked. Read the buyer again, and send the amount in its currency.`,
  );

const nameless = (): OperationError =>
  new OperationError(
    'missingField',
    'The payment has neither `ref` nor Idempotency-Key. Send one of them, so that a retry does not book it twice.',
    { fields: [{ field: 'ref', problem: MISSING }] },
  );
