import Type from 'typebox';
import {
  Amount,
  BuyerId,
  Category,
  Currency,
  duration,
  FieldName,
  Name,
  Price,
  SellerCode,
  Slug,
  State,
  TimeRange,
  TimeZone,
  Url,
  whole,
} from './values.js';

/*
 * The whole vocabulary of the market file; docs/market-file.md describes it, and a test compares the two. Keys marked
 * `notYet` are checked like the others, and then refused: what is not acted on must not look as if it were.
 */

const optional = Type.Optional;

/** Marks a key that the product does not act on yet. */
const notYet = <T extends Type.TProperties>(properties: T, title: string, options: object = {}) =>
  Type.Optional(Type.Object(properties, { title, notYet: true, ...options }));

const Timeout = (most: number) => whole('a timeout in milliseconds', 50, most, 800);

const SellerInFile = Type.Object(
  {
    code: SellerCode,
    slug: Slug,
    name: Name,
    postback: notYet({ url: Url }, 'a postback'),
  },
  { title: 'a seller' },
);

const BuyerInFile = Type.Object(
  {
    id: BuyerId,
    name: Name,
    ping: optional(Type.Object({ url: Url, timeoutMs: Timeout(10_000) }, { title: 'a ping' })),
    post: Type.Object({ url: Url, timeoutMs: Timeout(30_000) }, { title: 'a post' }),
    balance: optional(Type.Number({ ...Amount, notYet: true })),
  },
  { title: 'a buyer' },
);

const Cap = optional(whole('a cap', 1, 1_000_000_000, 100));

const ContractInFile = Type.Object(
  {
    buyer: BuyerId,
    states: optional(Type.Array(State, { title: 'a list of states', minItems: 1 })),
    price: optional(Price),
    delay: optional(duration('1s', '365d', '15m')),
    caps: notYet({ hour: Cap, day: Cap, month: Cap }, 'caps', { minProperties: 1 }),
    budget: notYet({ day: Price }, 'a budget'),
    schedule: notYet(
      { timezone: TimeZone, open: Type.Array(TimeRange, { title: 'a list of time ranges', minItems: 1 }) },
      'a schedule',
    ),
    duplicates: notYet(
      {
        by: Type.Array(
          Type.Union([Type.Literal('phone'), Type.Literal('email')], {
            title: 'what leads are compared by (phone or email)',
            examples: ['phone'],
          }),
          { title: 'a list of fields', minItems: 1, uniqueItems: true },
        ),
        withinDays: whole('a number of days', 1, 3650, 30),
      },
      'a rule on duplicates',
    ),
    filters: optional(
      Type.Array(
        Type.Object(
          {
            field: FieldName,
            startsWith: Type.Array(
              Type.String({ title: 'a text', examples: ['"75"'], minLength: 1, maxLength: 2000 }),
              { title: 'a list of beginnings', minItems: 1, uniqueItems: true },
            ),
          },
          { title: 'a filter' },
        ),
        { title: 'a list of filters', minItems: 1, notYet: true },
      ),
    ),
    delivery: notYet(
      { attempts: whole('a number of attempts', 1, 100, 3), within: duration('1s', '7d', '10s') },
      'a delivery policy',
    ),
  },
  { title: 'a contract' },
);

const CampaignInFile = Type.Object(
  {
    seller: SellerCode,
    category: Category,
    active: optional(Type.Boolean({ title: 'true or false', examples: ['true'] })),
    currency: optional(Currency),
    required: optional(
      Type.Array(FieldName, { title: 'a list of field names', uniqueItems: true, maxItems: 100 }),
    ),
    sale: optional(
      Type.Object(
        {
          mode: optional(
            Type.Union([Type.Literal('exclusive'), Type.Literal('shared')], {
              title: 'a way of selling (exclusive or shared)',
              examples: ['exclusive'],
            }),
          ),
          maxBuyers: optional(Type.Integer({ ...whole('a number of buyers', 2, 100, 3), notYet: true })),
          floor: optional(Amount),
        },
        { title: 'a way of selling' },
      ),
    ),
    margin: notYet(
      {
        percent: Type.Number({
          title: 'a percentage (a number from 0 to 100)',
          examples: ['5'],
          minimum: 0,
          maximum: 100,
        }),
      },
      'a margin',
    ),
    pending: optional(
      Type.Object(
        {
          retryAfter: optional(
            Type.Array(duration('1s', '365d', '5m'), {
              title: 'a list of durations',
              minItems: 1,
              maxItems: 100,
            }),
          ),
          expireAfter: optional(duration('1s', '365d', '72h')),
        },
        { title: 'the terms of a pending lead' },
      ),
    ),
    contracts: optional(Type.Array(ContractInFile, { title: 'a list of contracts' })),
  },
  { title: 'a campaign' },
);

/** A market file as written: the one definition of its shape. */
export const MarketInFile = Type.Object(
  {
    sellers: optional(Type.Array(SellerInFile, { title: 'a list of sellers' })),
    buyers: optional(Type.Array(BuyerInFile, { title: 'a list of buyers' })),
    campaigns: optional(Type.Array(CampaignInFile, { title: 'a list of campaigns' })),
  },
  { title: 'a market', minProperties: 1 },
);

export type MarketInFile = Type.Static<typeof MarketInFile>;
