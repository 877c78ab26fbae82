import Type from 'typebox';
import { LONGEST_WINDOW_DAYS } from '../limits/duplicates.js';
import { AWARDS, MODES, NOTICES } from '../model/market.js';
import { FieldsInFile } from './fieldValues.js';
import { FilterInFile } from './filterSchema.js';
import { ProtocolInFile } from './protocolSchema.js';
import { OutletInFile } from './outletSchema.js';
import { SourcesOfSeller } from './sourceValues.js';
import {
  Amount,
  BuyerId,
  Category,
  CheckName,
  ClosedTime,
  Currency,
  duration,
  FieldName,
  Instant,
  listOf,
  Name,
  oneOf,
  Price,
  ReasonName,
  SellerCode,
  Slug,
  SourceName,
  State,
  TimeRange,
  TimeZone,
  Url,
  whole,
} from './values.js';

/*
 * The whole vocabulary of the market file, all of which acts; docs/market-file.md describes it, and a test compares the two.
 */
const optional = Type.Optional;

const Timeout = (most: number) => whole('a timeout in milliseconds', 50, most, 800);

const Active = optional(Type.Boolean({ title: 'true or false', examples: ['true'] }));

const PausedUntil = optional(Instant);

const endpoint = (title: string, mostMs: number) =>
  Type.Object({ url: Url, timeoutMs: Timeout(mostMs) }, { title });

const SellerInFile = Type.Object(
  {
    code: SellerCode,
    slug: Slug,
    name: Name,
    active: Active,
    postback: optional(
      Type.Object(
        { url: Url, also: optional(listOf(Url, 'a list of addresses', { maxItems: 10, uniqueItems: true })) },
        { title: 'a postback' },
      ),
    ),
    sources: optional(SourcesOfSeller),
  },
  { title: 'a seller' },
);

const BuyerInFile = Type.Object(
  {
    id: BuyerId,
    name: Name,
    active: Active,
    pausedUntil: PausedUntil,
    ping: optional(endpoint('a ping', 10_000)),
    post: optional(endpoint('a post', 30_000)),
    status: optional(endpoint('a status address', 30_000)),
    notices: optional(
      Type.Object(
        {
          url: Url,
          timeoutMs: optional(Timeout(30_000)),
          events: listOf(oneOf('a notice', NOTICES, 'won'), 'a list of notices', { uniqueItems: true }),
        },
        { title: 'an address for notices' },
      ),
    ),
    protocol: optional(ProtocolInFile),
    balance: optional(Amount),
    lowBalance: optional(Price),
    currency: optional(Currency),
  },
  { title: 'a buyer' },
);

const DuplicatesInFile = Type.Object(
  {
    by: listOf(oneOf('a field to compare leads by', ['phone', 'email'], 'phone'), 'a list of fields', {
      uniqueItems: true,
    }),
    match: optional(oneOf('a match rule', ['any', 'all'], 'any')),
    withinDays: whole('a number of days', 1, LONGEST_WINDOW_DAYS, 30),
    per: optional(oneOf('a duplicate scope', ['contract', 'buyer', 'campaign'], 'contract')),
  },
  { title: 'a duplicate rule' },
);

const Threshold = Type.Number({ title: 'a number', examples: ['0.5'] });
const Text = Type.String({ title: 'a text', examples: ['ok'], minLength: 1, maxLength: 200 });

const CheckInFile = Type.Object(
  {
    name: CheckName,
    url: Url,
    timeoutMs: Timeout(10_000),
    sends: listOf(FieldName, 'a list of field names', { uniqueItems: true }),
    answer: Text,
    atLeast: optional(Threshold),
    atMost: optional(Threshold),
    equals: optional(Text),
    whenSilent: oneOf('a default result', ['pass', 'fail'], 'pass'),
  },
  { title: 'a check' },
);

const ChecksInFile = listOf(CheckInFile, 'a list of checks', { maxItems: 10 });

const Cap = optional(whole('a cap', 1, 1_000_000_000, 100));
const CapsInFile = Type.Object(
  { hour: Cap, day: Cap, week: Cap, month: Cap, total: Cap },
  { title: 'caps', minProperties: 1 },
);

const SourcesInFile = listOf(SourceName, 'a list of sources', { uniqueItems: true });

const ScheduleInFile = Type.Object(
  {
    timezone: TimeZone,
    open: listOf(TimeRange, 'a list of time ranges'),
    holidays: optional(oneOf('a holiday calendar', ['US'], 'US')),
    closed: optional(listOf(ClosedTime, 'a list of days', { maxItems: 400 })),
  },
  { title: 'a schedule' },
);

const DeliveryInFile = Type.Object(
  {
    attempts: optional(whole('a number of attempts', 1, 200, 3)),
    within: optional(duration('1s', '7d', '10s')),
    spacing: optional(duration('1s', '1h', '1s')),
    atEnd: optional(oneOf('an action for unclear posts', ['moveOn', 'ask', 'hold'], 'moveOn')),
    again: Active,
  },
  { title: 'a delivery policy', minProperties: 1 },
);

const Percent = Type.Number({
  title: 'a percentage (a number from 0 to 100, to the hundredth)',
  examples: ['5'],
  minimum: 0,
  maximum: 100,
  multipleOf: 0.01,
});

const ReturnsInFile = Type.Object(
  {
    within: duration('1m', '365d', '7d'),
    reasons: optional(listOf(ReasonName, 'a list of reasons', { uniqueItems: true })),
    refund: optional(Percent),
    freesCap: Active,
    resell: Active,
  },
  { title: 'a return policy' },
);

const ContractInFile = Type.Object(
  {
    buyer: BuyerId,
    active: Active,
    pausedUntil: PausedUntil,
    tier: optional(whole('a tier', 1, 100, 1)),
    weight: optional(whole('a weight', 1, 1_000_000, 1)),
    states: optional(listOf(State, 'a list of states')),
    filters: optional(Type.Array(FilterInFile, { title: 'a list of filters', minItems: 1, maxItems: 100 })),
    sources: optional(
      Type.Object(
        { only: optional(SourcesInFile), not: optional(SourcesInFile) },
        { title: 'a source filter', minProperties: 1 },
      ),
    ),
    schedule: optional(ScheduleInFile),
    timezone: optional(TimeZone),
    price: optional(Price),
    sharedPrice: optional(Price),
    floor: optional(Amount),
    ceiling: optional(Price),
    delay: optional(duration('1s', '365d', '15m')),
    until: optional(duration('1s', '365d', '3d')),
    caps: optional(CapsInFile),
    postCaps: optional(Type.Object(CapsInFile.properties, { title: 'caps on posts', minProperties: 1 })),
    budget: optional(
      Type.Object(
        { day: optional(Price), month: optional(Price), total: optional(Price) },
        { title: 'a budget', minProperties: 1 },
      ),
    ),
    pace: Active,
    duplicates: optional(DuplicatesInFile),
    checks: optional(ChecksInFile),
    ping: optional(
      Type.Object(
        {
          fields: optional(listOf(FieldName, 'a list of field names', { uniqueItems: true })),
          hashes: optional(
            listOf(oneOf('a field to hash', ['phone', 'email'], 'phone'), 'a list of fields', {
              uniqueItems: true,
            }),
          ),
        },
        { title: 'a ping policy', minProperties: 1 },
      ),
    ),
    protocol: optional(ProtocolInFile),
    outlet: optional(OutletInFile),
    delivery: optional(DeliveryInFile),
    returns: optional(ReturnsInFile),
  },
  { title: 'a contract' },
);

const sale = {
  mode: optional(oneOf('a sale mode', MODES, 'exclusive')),
  maxBuyers: optional(whole('a number of buyers', 2, 100, 3)),
  floor: optional(Amount),
  sharedFloor: optional(Amount),
  award: optional(oneOf('an award rule', AWARDS, 'highestBid')),
  instantBuy: optional(Price),
};

const MarginPart = { percent: optional(Percent), fixed: optional(Amount) };

const CampaignInFile = Type.Object(
  {
    seller: SellerCode,
    category: Category,
    active: Active,
    pausedUntil: PausedUntil,
    currency: optional(Currency),
    redirects: Active,
    required: optional(
      Type.Array(FieldName, { title: 'a list of field names', uniqueItems: true, maxItems: 100 }),
    ),
    fields: optional(FieldsInFile),
    sale: optional(Type.Object(sale, { title: 'a sale policy' })),
    stages: optional(
      listOf(
        Type.Object({ after: duration('1s', '365d', '2h'), ...sale }, { title: 'a stage' }),
        'a list of stages',
        { maxItems: 20 },
      ),
    ),
    margin: optional(
      Type.Object(
        {
          ...MarginPart,
          bands: optional(
            listOf(
              Type.Object({ from: Amount, ...MarginPart }, { title: 'a price band' }),
              'a list of price bands',
              {
                maxItems: 50,
              },
            ),
          ),
        },
        { title: 'a margin', minProperties: 1 },
      ),
    ),
    duplicates: optional(DuplicatesInFile),
    checks: optional(ChecksInFile),
    retention: optional(duration('1d', '3650d', '90d')),
    pending: optional(
      Type.Object(
        {
          retryAfter: optional(
            listOf(duration('1s', '365d', '5m'), 'a list of durations', { maxItems: 100 }),
          ),
          expireAfter: optional(duration('1s', '365d', '72h')),
        },
        { title: 'a pending policy' },
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
