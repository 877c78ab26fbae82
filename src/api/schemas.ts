import Type from 'typebox';
import { namesPerson } from '../market/fields/identifyingFields.js';
import { ADDRESSING, FIELDS } from '../market/fields/standardFields.js';
import { LEAD_API_ERRORS } from './errorTable.js';
import { MAX_FIELDS, MAX_NAME } from './leads/mergeFields.js';
import { MAX_VALUE } from '../market/fields/text.js';
import { outcomeProperties } from '../operations/leads/outcomeSchema.js';

/* Schemas of the Lead API: they serialise responses and generate the OpenAPI document. */
const id = (description: string) => Type.String({ format: 'uuid', description });

const status = Type.Enum(['sold', 'pending', 'returned', 'expired', 'withdrawn'], {
  type: 'string',
  description:
    '`pending` is not billable: get the final status by a later request or by postback. `returned`: sold, and returned by every buyer',
});

const fieldProblems = (description: string, problem: string) =>
  Type.Array(
    Type.Object({
      field: Type.String({ examples: ['lastName'] }),
      problem: Type.String({ examples: [problem] }),
    }),
    { description },
  );

const promisedPrice = Type.Optional(
  Type.Number({
    description:
      'With a `ping_id`: what the ping promised. `price` is never less, except that fewer buyers may take a shared lead',
    examples: [45],
  }),
);

export const LeadAnswer = Type.Object(
  {
    success: Type.Literal(true),
    lead_id: id('The lead’s id'),
    status,
    ...outcomeProperties,
    promised_price: promisedPrice,
    warnings: Type.Optional(
      fieldProblems(
        'Fields that were accepted but not understood; absent if there are none',
        'not a ZIP code of 5 or 9 digits; kept as sent',
      ),
    ),
  },
  { $id: 'LeadAnswer', title: 'An accepted lead' },
);

export const PingAnswer = Type.Object(
  {
    success: Type.Literal(true),
    status: Type.Enum(['promised', 'no_price'], {
      type: 'string',
      description:
        '`promised`: a lead with this `ping_id` earns `price`. `no_price`: no buyer would take it now',
    }),
    ping_id: Type.Optional(
      Type.String({ description: 'Send it with the lead', examples: ['gpi_019a5c7e-…'] }),
    ),
    price: Type.Optional(
      Type.Number({ description: 'What the lead earns, in the campaign’s currency', examples: [45] }),
    ),
    expires_at: Type.Optional(Type.String({ format: 'date-time', description: 'The end of the promise' })),
    reason: Type.Optional(Type.String({ description: 'Why there is no price', examples: ['no_bid'] })),
    warnings: LeadAnswer.properties.warnings,
  },
  { $id: 'PingAnswer', title: 'What a lead would earn' },
);

export const LeadView = Type.Object(
  {
    success: Type.Literal(true),
    lead_id: id('The lead’s id'),
    status,
    ...outcomeProperties,
    promised_price: promisedPrice,
    created_at: Type.String({ format: 'date-time' }),
    updated_at: Type.String({ format: 'date-time' }),
  },
  { $id: 'LeadView', title: 'The current status of a lead' },
);

export const ReturnRequest = Type.Object(
  {
    post_id: Type.Optional(
      Type.String({
        description: 'The id of the post that delivered the lead. Required without a `lead_id`',
        examples: ['c1f2a9d0-…'],
      }),
    ),
    lead_id: Type.Optional(
      Type.String({
        description: 'The id of the lead, instead of `post_id`, if you bought it only once',
        examples: ['019a5c7e-…'],
      }),
    ),
    reason: Type.String({
      description:
        'A few words of a-z and 0-9, stored like `wrong_number`. If the contract lists reasons, one of them',
      examples: ['duplicate'],
    }),
  },
  { $id: 'ReturnRequest', title: 'A lead to return' },
);

export const ReturnAnswer = Type.Object(
  {
    success: Type.Literal(true),
    post_id: id('The post’s id'),
    lead_id: id('The lead’s id'),
    status: Type.Literal('returned'),
    reason: Type.String({
      description: 'The reason of the first request; `withheld` if it may name the person',
    }),
    refund: Type.Number({ description: 'The refunded part of the price', examples: [45] }),
    currency: Type.String({ examples: ['USD'] }),
    returned_at: Type.String({ format: 'date-time' }),
    test: Type.Optional(
      Type.Literal(true, { description: 'Only for test leads: no money moves, and `refund` is 0' }),
    ),
  },
  { $id: 'ReturnAnswer', title: 'A returned lead' },
);

const errorTexts = [...new Set(Object.values(LEAD_API_ERRORS).map(({ error }) => error))];

export const ErrorAnswer = Type.Object(
  {
    success: Type.Literal(false),
    error: Type.Enum(errorTexts, { type: 'string', description: 'One of the texts of the error table' }),
    message: Type.String({ description: 'What is wrong, and what to do' }),
    request_id: id('The id of the request in the exchange’s logs, as in the header X-Request-Id'),
    fields: Type.Optional(fieldProblems('All invalid fields', 'missing')),
  },
  { $id: 'ErrorAnswer', title: 'An error' },
);

export const BatchResult = Type.Object(
  {
    line: Type.Integer({ minimum: 1, description: 'The line of the lead in the body, from 1' }),
    code: Type.Integer({
      description: 'The status code that a request with this lead alone would have',
      examples: [200],
    }),
    replayed: Type.Optional(
      Type.Literal(true, { description: 'The line repeats an earlier lead, by its idempotency key' }),
    ),
    retry_after: Type.Optional(
      Type.Integer({ description: 'Seconds to wait before sending the lead again', examples: [1] }),
    ),
    answer: Type.Union([Type.Ref('LeadAnswer'), Type.Ref('ErrorAnswer')], {
      description: 'The body that a request with this lead alone would have',
    }),
  },
  { $id: 'BatchResult', title: 'The answer to a line of a batch' },
);

const part = (description: string) => Type.String({ description, examples: ['ok'] });

export const Readiness = Type.Object(
  {
    ready: Type.Boolean({ description: 'Whether leads are accepted' }),
    parts: Type.Object({
      mongodb: part('`ok`, or the problem. Without it no lead is accepted'),
      redis: part('`ok`, or the problem. Without it each process counts requests for itself'),
      temporal: part('`ok`, or the problem. Without it leads are answered `pending` and sold later'),
    }),
  },
  { $id: 'Readiness', title: 'Whether leads are accepted' },
);

export const Health = Type.Object(
  { status: Type.Literal('up') },
  { $id: 'Health', title: 'The process is up' },
);

const value = (about: string, example: string) =>
  Type.String({ description: about, examples: [example], maxLength: MAX_VALUE });

const Scalar = Type.Union([Type.String({ maxLength: MAX_VALUE }), Type.Number(), Type.Boolean()]);

const CustomField = Type.Union([Scalar, Type.Array(Scalar), Type.Null()]);

const isAlwaysRequired = (name: string): boolean => ADDRESSING.some((always) => always === name);

function fieldProperties(names: readonly string[]) {
  return Object.fromEntries(
    names.map((name) => {
      const schema = value(FIELDS[name]?.about ?? '', FIELDS[name]?.example ?? '');
      return [name, isAlwaysRequired(name) ? schema : Type.Optional(schema)];
    }),
  );
}

/** A lead as a source sends it, for the docs. src/market/fields/standardFields.ts checks requests and reports all faults. */
export const LeadRequest = Type.Object(
  {
    ...fieldProperties(Object.keys(FIELDS)),
    ping_id: Type.Optional(
      Type.String({ description: 'From the answer to a ping for this lead', examples: ['gpi_019a5c7e-…'] }),
    ),
  },
  {
    $id: 'LeadRequest',
    title: 'A lead',
    description:
      'The campaign decides which other fields are required. Any other name is a custom field and may have a list of values. Numbers and booleans are read as text.',
    additionalProperties: CustomField,
    propertyNames: Type.String({ minLength: 1, maxLength: MAX_NAME }),
    maxProperties: MAX_FIELDS,
    examples: [exampleLead()],
  },
);

/** A lead without its person. */
export const PingRequest = Type.Object(
  fieldProperties(Object.keys(FIELDS).filter((name) => !namesPerson(name, undefined))),
  {
    $id: 'PingRequest',
    title: 'A lead without its person',
    description: 'The fields of a lead, without those that name the person: these are refused.',
    additionalProperties: CustomField,
    maxProperties: MAX_FIELDS,
    examples: [{ seller: 'ACME1234', category: 'Auto Insurance', state: 'TX', zip: '75001' }],
  },
);

function exampleLead(): Record<string, string> {
  const shown = ['seller', 'category', 'firstName', 'lastName', 'email', 'phone', 'state', 'zip', 'city'];
  return Object.fromEntries(shown.map((name) => [name, FIELDS[name]?.example ?? '']));
}

/** The headers of requests with leads. */
export const leadHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({ minLength: 1, maxLength: 255, description: 'Makes retries safe for 24 h' }),
  ),
  prefer: Type.Optional(
    Type.String({
      description: '`wait=N` waits at most N seconds for the result, `respond-async` does not wait',
    }),
  ),
});

export function errorResponses(...kinds: (keyof typeof LEAD_API_ERRORS)[]) {
  const byStatus = new Map<number, string[]>();
  for (const kind of kinds) {
    const { status, error, about } = LEAD_API_ERRORS[kind];
    byStatus.set(status, [...(byStatus.get(status) ?? []), `\`${error}\`: ${about}.`]);
  }
  const answers = [...byStatus].map(([code, lines]) => {
    return [code, Type.Ref('ErrorAnswer', { description: lines.join('\n') })] as const;
  });
  return Object.fromEntries(answers);
}

/** Errors of HTTP itself, which a request with a lead can have before its route is found. */
export const httpErrorResponses = {
  408: Type.Ref('ErrorAnswer', {
    description: '`Invalid request`: The request did not arrive within 10 seconds.',
  }),
  414: Type.Ref('ErrorAnswer', { description: '`Request too large`: The request line is over 64 KiB.' }),
  431: Type.Ref('ErrorAnswer', { description: '`Request too large`: The headers are too long.' }),
};
