import Type from 'typebox';
import type { MarketDocument } from '../../../src/market/file/document.js';
import { REASONS } from '../../../src/market/model/reason.js';

/*
 * The schema of a scenario file. README.md describes it for the people who write scenarios. Titles and examples complete
 * the error messages, as in the market file's own schema.
 */

const optional = Type.Optional;

const text = (title: string, example: string, pattern: RegExp) =>
  Type.String({ title, examples: [example], pattern: pattern.source });

const ID = /^[a-z0-9-]+$/;
const Name = text('a name', 'first', ID);

/** A map whose keys match one pattern. */
const map = <T extends Type.TSchema>(title: string, of: T, keys: RegExp) =>
  Type.Record(Type.String(), of, { title, keys: keys.source });

/** Keyed by the id of a buyer or a contract, or by the name of a lead. */
const byId = <T extends Type.TSchema>(title: string, of: T) => map(title, of, ID);

const anything = (title: string) => map(title, Type.Unknown(), /./);

const Moment = text(
  'a moment',
  '2027-03-14 01:30 America/Chicago',
  /^\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? [A-Za-z_]+(\/[A-Za-z_]+)*$/,
);
const SPAN = /(\d+[smhd])+/;
const Span = text('a span of time', '1h30m', new RegExp(`^${SPAN.source}$`));

/** HTTP behavior of a server, independent of the body. Times are real, because HTTP does not skip time. */
const http = {
  after: optional(text('a time in milliseconds', '400ms', /^\d{1,5}ms$/)),
  status: optional(Type.Integer({ title: 'an HTTP status', examples: [503], minimum: 200, maximum: 599 })),
  headers: optional(anything('HTTP headers')),
  hangUp: optional(
    Type.Literal(true, { title: 'true (the connection is cut instead of an answer)', examples: ['true'] }),
  ),
  raw: optional(Type.String({ title: 'a text to send instead of JSON', examples: ['<html>'] })),
  bytes: optional(
    Type.Integer({ title: 'the length of the answer in bytes', examples: [70000], minimum: 1, maximum: 1e6 }),
  ),
  body: optional(Type.Unknown()),
};

/** One answer, or one for each request; the last one repeats. */
function Answers<T extends Type.TProperties>(title: string, said: T) {
  const one = Type.Object({ ...http, ...said }, { title });
  const unreachable = Type.Literal('unreachable', { title: 'unreachable', examples: ['unreachable'] });
  return optional(
    Type.Union([one, Type.Array(one, { title: `a list of answers`, minItems: 1 }), unreachable]),
  );
}

const Reason = Type.Optional(Type.String({ title: 'a reason in one word', examples: ['duplicate'] }));

/** Answers of a buyer's or the seller's server. Keys other than the HTTP keys are the body (buyer protocol). */
const BuyerAnswers = Type.Object(
  {
    ping: Answers('an answer to a ping', {
      bid: optional(
        Type.Union([Type.Number(), Type.Null()], { title: 'a bid or null', examples: ['45.00'] }),
      ),
      shared_bid: optional(Type.Number({ title: 'a bid for a place', examples: ['12.00'] })),
      bid_id: optional(Type.String({ title: 'a text', examples: ['b-1'] })),
      expires_in_ms: optional(Type.Number({ title: 'a time in milliseconds', examples: ['5000'] })),
      reason: Reason,
    }),
    post: Answers('an answer to a post', {
      accepted: optional(Type.Boolean({ title: 'true or false', examples: ['true'] })),
      buyer_lead_id: optional(Type.String({ title: 'a text', examples: ['nw-1'] })),
      reason: Reason,
    }),
    post_cancelled: Answers('an answer to a notice', {}),
    won: Answers('an answer to a notice', {}),
    lost: Answers('an answer to a notice', {}),
    billed: Answers('an answer to a notice', {}),
    low_balance: Answers('an answer to a notice', {}),
    unused: Answers('an answer to a notice', {}),
    'lead.pending': Answers('an answer to a postback', {}),
    'lead.sold': Answers('an answer to a postback', {}),
    'lead.returned': Answers('an answer to a postback', {}),
    'lead.expired': Answers('an answer to a postback', {}),
    'lead.withdrawn': Answers('an answer to a postback', {}),
    post_status: Answers('an answer to a status request', {
      accepted: optional(
        Type.Union([Type.Boolean(), Type.Null()], { title: 'true, false or null', examples: ['true'] }),
      ),
      buyer_lead_id: optional(Type.String({ title: 'a text', examples: ['nw-1'] })),
    }),
  },
  { title: 'the answers of a buyer, or of the seller' },
);

/** Answers of an outside service, which is asked about a lead before the buyers. */
const ServiceAnswers = Answers('an answer to a check', {});

const market = {
  seller: optional(anything('terms of the seller, as the market file writes them')),
  campaign: optional(anything('terms of the campaign, as the market file writes them')),
  contracts: optional(
    byId(
      'the contracts by id',
      Type.Union([anything('terms of a contract, as the market file writes them'), Type.Null()]),
    ),
  ),
  campaigns: optional(
    map(
      'more campaigns, by category',
      anything('terms of a campaign and its contracts by id'),
      /^[A-Z][A-Za-z ]+$/,
    ),
  ),
  buyers: optional(byId('the buyers by id', anything('terms of a buyer, as the market file writes them'))),
};

const Lead = map(
  'a lead',
  Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null(), Type.Array(Type.String())], {
    title: 'a field’s value',
    examples: ['TX'],
  }),
  /^[A-Za-z]\w*$/,
);

const Step = Type.Object(
  {
    after: optional(Span),
    at: optional(Moment),
    during: optional(text('a request in progress', 'ping to northwind', /^(ping|post) to [a-z0-9-]+$/)),
    answers: optional(byId('answers by buyer', BuyerAnswers)),
    market: optional(Type.Object(market, { title: 'terms that ops change' })),
    retryNow: optional(Name),
    resolvePost: optional(
      Type.Object(
        {
          lead: optional(Name),
          buyer: Name,
          accepted: Type.Boolean({ title: 'true or false', examples: ['true'] }),
        },
        { title: 'a decision of ops about a post' },
      ),
    ),
    withdraw: optional(Name),
    topUp: optional(
      Type.Object(
        {
          buyer: Name,
          amount: Type.Number({ title: 'an amount', examples: ['50.00'] }),
        },
        { title: 'a payment of a prepaid buyer' },
      ),
    ),
    return: optional(
      Type.Object(
        {
          lead: Name,
          by: Name,
          reason: text('a reason in one word', 'duplicate', /^[a-z0-9_]+$/),
          atOnce: optional(
            Type.Integer({ title: 'a number of concurrent requests', examples: [2], minimum: 1, maximum: 9 }),
          ),
          error: optional(Type.String({ title: 'the text of an error', examples: ['Return window over'] })),
        },
        { title: 'a return' },
      ),
    ),
  },
  { title: 'a step' },
);

const OUTCOME = `(sold|posting|${REASONS.join('|')})( at \\d+(\\.\\d+)?)?( \\(.+\\))?`;
const ROUND = new RegExp(`^\\d+( to \\d+)?( (after ${SPAN.source}|at .+))?$`);
const POSTBACK = /^[a-z]+( at \d+(\.\d+)?)?( \([a-z_,; ]+\))?$/;
const NOTICE = /^[a-z_]+( at \d+(\.\d+)?)?( \(.+\))?$/;
const ENDS = '(received|sold|returned|(pending|expired|withdrawn)( \\([a-z_]+\\))?)';

const ofLead = {
  answer: optional(
    Type.Object(
      {
        status: Type.String({ title: 'a status', examples: ['sold'] }),
        price: optional(Type.Number({ title: 'the seller’s price', examples: ['45.00'] })),
        buyer_ids: optional(
          Type.Array(Type.String({ title: 'a buyer’s id', examples: ['northwind'] }), {
            title: 'a list of buyers',
          }),
        ),
        redirect_url: optional(
          Type.String({ title: 'an address', examples: ['https://northwind.example/thanks'] }),
        ),
      },
      { title: 'the answer to the source' },
    ),
  ),
  rounds: optional(
    map(
      'the rounds, keyed like "1", "2 after 1m", "3 to 5"',
      byId(
        'the outcome of each contract',
        text('an outcome', 'refused at 45.00 (duplicate)', new RegExp(`^${OUTCOME}$`)),
      ),
      ROUND,
    ),
  ),
  ends: optional(text('the final status of the lead', 'expired (no_bid)', new RegExp(`^${ENDS}$`))),
  took: optional(Span),
};

const LeadExpectation = Type.Object(ofLead, { title: 'the expectation for a lead' });

const count = Type.Integer({ title: 'a count', examples: [1], minimum: 0, maximum: 1000 });

const Expectation = Type.Object(
  {
    ...ofLead,
    leads: optional(byId('the expectation for each lead', LeadExpectation)),
    pings: optional(byId('the number of pings by buyer', count)),
    posts: optional(byId('the number of posts by buyer', count)),
    notices: optional(
      byId(
        'the notices by buyer',
        Type.Array(text('a notice', 'lost (outbid 40-50)', NOTICE), {
          title: 'a list of notices',
        }),
      ),
    ),
    postbacks: optional(
      Type.Array(text('a status', 'sold at 45.00', POSTBACK), {
        title: 'the list of postbacks',
      }),
    ),
    books: optional(byId('the books by account', Type.Number({ title: 'an amount', examples: ['-45.00'] }))),
  },
  { title: 'the expectation' },
);

export const Scenario = Type.Object(
  {
    name: Type.String({
      title: 'one sentence about the market',
      examples: ['The highest bid wins'],
      minLength: 10,
    }),
    starts: optional(Moment),
    ...market,
    answers: optional(byId('answers by buyer', BuyerAnswers)),
    services: optional(byId('answers by service', ServiceAnswers)),
    lead: optional(Lead),
    leads: optional(byId('leads by name', Lead)),
    then: optional(Type.Array(Step, { title: 'a list of steps', minItems: 1 })),
    expect: Expectation,
  },
  { title: 'a scenario' },
);

/** The page that a scenario was read from. */
export interface ScenarioPage {
  file: string;
  locate: MarketDocument['locate'];
  scenario: Type.Static<typeof Scenario>;
}

/** A scenario; one that a test writes as an object has no page. */
export type Scenario = Type.Static<typeof Scenario> & { page?: ScenarioPage };
export type BuyerAnswers = Type.Static<typeof BuyerAnswers>;
export type LeadExpectation = Type.Static<typeof LeadExpectation>;
export type Expectation = Type.Static<typeof Expectation>;
export type Step = Type.Static<typeof Step>;
export type LeadInScenario = Type.Static<typeof Lead>;
