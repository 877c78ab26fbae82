import Type from 'typebox';
import { ADDRESSING, FIELDS } from '../market/fields/standardFields.js';
import { LEAD_API_ERRORS } from '../operations/refusal.js';
import { MAX_FIELDS, MAX_NAME, MAX_VALUE } from './leads/mergeFields.js';
import { outcomeProperties } from '../operations/leads/outcomeSchema.js';

/** The shapes of everything the API answers: they serialise the answers and are the OpenAPI document. */
const id = (description: string) => Type.String({ format: 'uuid', description });

const status = Type.Enum(['sold', 'pending', 'returned', 'expired', 'withdrawn'], {
  type: 'string',
  description:
    '`pending` is never billable: the status that counts comes by asking later, or by postback. `returned`: sold, and given back by every buyer',
});

const fieldProblems = (description: string, problem: string) =>
  Type.Array(
    Type.Object({
      field: Type.String({ examples: ['lastName'] }),
      problem: Type.String({ examples: [problem] }),
    }),
    { description },
  );

export const LeadAnswer = Type.Object(
  {
    success: Type.Literal(true),
    lead_id: id('The lead’s id'),
    status,
    ...outcomeProperties,
    warnings: Type.Optional(
      fieldProblems(
        'Fields that were taken but not as they were meant; absent if there are none',
        'not a ZIP code of 5 or 9 digits; kept as sent',
      ),
    ),
  },
  { $id: 'LeadAnswer', title: 'A lead that was taken' },
);

export const LeadView = Type.Object(
  {
    success: Type.Literal(true),
    lead_id: id('The lead’s id'),
    status,
    ...outcomeProperties,
    created_at: Type.String({ format: 'date-time' }),
    updated_at: Type.String({ format: 'date-time' }),
  },
  { $id: 'LeadView', title: 'A lead as it stands' },
);

export const ReturnRequest = Type.Object(
  {
    post_id: Type.Optional(
      Type.String({
        description: 'Of the post with which the lead came. Needed, unless there is a `lead_id`',
        examples: ['c1f2a9d0-…'],
      }),
    ),
    lead_id: Type.Optional(
      Type.String({
        description: 'Of the lead, instead of `post_id`, if you have bought it once',
        examples: ['019a5c7e-…'],
      }),
    ),
    reason: Type.String({
      description:
        'One word or a few of a-z and 0-9, kept as `wrong_number`; one of those that the contract names, if it names any',
      examples: ['duplicate'],
    }),
  },
  { $id: 'ReturnRequest', title: 'A lead that is given back' },
);

export const ReturnAnswer = Type.Object(
  {
    success: Type.Literal(true),
    post_id: id('The post’s id'),
    lead_id: id('The lead’s id'),
    status: Type.Literal('returned'),
    reason: Type.String({ description: 'As it was given first; `withheld` if it may name the person' }),
    refund: Type.Number({ description: 'What the buyer gets back of the price', examples: [45] }),
    currency: Type.String({ examples: ['USD'] }),
    returned_at: Type.String({ format: 'date-time' }),
    test: Type.Optional(
      Type.Literal(true, { description: 'Only if the lead was a test: no money moves, and `refund` is 0' }),
    ),
  },
  { $id: 'ReturnAnswer', title: 'A lead that was taken back' },
);

const errorTexts = [...new Set(Object.values(LEAD_API_ERRORS).map(({ error }) => error))];

export const ErrorAnswer = Type.Object(
  {
    success: Type.Literal(false),
    error: Type.Enum(errorTexts, { type: 'string', description: 'One of the texts of the error table' }),
    message: Type.String({ description: 'What to do about it' }),
    request_id: id('Names the request in our logs; also the header X-Request-Id'),
    fields: Type.Optional(fieldProblems('Every field at fault', 'missing')),
  },
  { $id: 'ErrorAnswer', title: 'An error' },
);

const part = (description: string) => Type.String({ description, examples: ['ok'] });

export const Readiness = Type.Object(
  {
    ready: Type.Boolean({ description: 'Whether leads are taken' }),
    parts: Type.Object({
      mongodb: part('`ok`, or what is wrong. Without it no lead is taken'),
      redis: part('`ok`, or what is wrong. Without it each process counts requests for itself'),
      temporal: part('`ok`, or what is wrong. Without it leads are answered `pending` and sold later'),
    }),
  },
  { $id: 'Readiness', title: 'Whether leads are taken' },
);

export const Health = Type.Object(
  { status: Type.Literal('up') },
  { $id: 'Health', title: 'The process is up' },
);

const value = (about: string, example: string) =>
  Type.String({ description: about, examples: [example], maxLength: MAX_VALUE });

const Scalar = Type.Union([Type.String({ maxLength: MAX_VALUE }), Type.Number(), Type.Boolean()]);

const isAlwaysRequired = (name: string): boolean => ADDRESSING.some((always) => always === name);

/** What a source sends, for the docs: requests are checked by src/market/fields/standardFields.ts, which names every fault. */
export const LeadRequest = Type.Object(
  Object.fromEntries(
    Object.entries(FIELDS).map(([name, { about, example }]) => {
      const schema = value(about, example);
      return [name, isAlwaysRequired(name) ? schema : Type.Optional(schema)];
    }),
  ),
  {
    $id: 'LeadRequest',
    title: 'A lead',
    description:
      'Which fields are required beside these two is the campaign’s. Any other name is a custom field, which may have a list of values. Numbers and booleans are taken as text.',
    additionalProperties: Type.Union([Scalar, Type.Array(Scalar), Type.Null()]),
    propertyNames: Type.String({ minLength: 1, maxLength: MAX_NAME }),
    maxProperties: MAX_FIELDS,
    examples: [exampleLead()],
  },
);

function exampleLead(): Record<string, string> {
  const shown = ['seller', 'category', 'firstName', 'lastName', 'email', 'phone', 'state', 'zip', 'city'];
  return Object.fromEntries(shown.map((name) => [name, FIELDS[name]?.example ?? '']));
}

/** The answers of a route that may fail in these ways, for its `response` schema. */
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
