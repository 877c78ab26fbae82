import Type from 'typebox';
import {
  CREDENTIALS_IN,
  METHODS,
  ORDER,
  READS,
  ROUNDINGS,
  SOAP_VERSIONS,
  UNITS,
  UNWRAPS,
  type PlainCondition,
  type Scalar,
  type Tree,
} from '../model/protocol.js';
import { hasInvisible } from '../invisible.js';
import { listOf, matching, named, oneOf, text, Url, whole } from './values.js';

const optional = Type.Optional;

const Template = Type.String({
  title: 'a text with placeholders (at most 4000 characters)',
  examples: ['{{ lead.zip }}'],
  maxLength: 4000,
});

/** Any YAML; what it may have depends on the body that it is, see market/protocol/bodies.ts. */
const tree = (title: string) => Type.Unsafe<Tree>(Type.Unknown({ title, tree: true }));

const UrlTemplate = text(
  'an http or https address without user name and password, in which placeholders stand behind the host',
  'https://buyer.example/leads',
  (value) => {
    const bare = value.replace(/\{\{.*?\}\}/gs, 'x');
    if (!URL.canParse(bare) || /\s/.test(bare)) return false;
    const { protocol, username, password } = new URL(bare);
    return ['http:', 'https:'].includes(protocol) && username === '' && password === '';
  },
);

const HeaderName = text('the name of a header', 'X-Api-Key', matching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/), 100);

const Expression = Type.String({
  title: 'a regular expression (RE2’s syntax, at most 500 characters)',
  examples: ['^success'],
  minLength: 1,
  maxLength: 500,
});

const Path = Type.Unsafe<string | string[]>(
  Type.Union(
    [
      Type.String({ minLength: 1, maxLength: 300 }),
      Type.Array(Type.String({ minLength: 1, maxLength: 300 }), { minItems: 1, maxItems: 10 }),
    ],
    { title: 'a path or a list of paths', examples: ['response.price', '"/response/price"'] },
  ),
);

const selector = {
  at: optional(Path),
  re: optional(Expression),
  header: optional(HeaderName),
};

const Selector = Type.Object(selector, { title: 'a selector', minProperties: 1 });

const Word = Type.Union([
  Type.String({ minLength: 1, maxLength: 200 }),
  Type.Boolean(),
  Type.Number({ minimum: -1e15, maximum: 1e15 }),
]);

const condition = {
  ...selector,
  is: optional(
    Type.Unsafe<NonNullable<PlainCondition['is']>>(
      Type.Union([Word, Type.Array(Word, { minItems: 1, maxItems: 50 })], {
        title: 'a value, a list of values, any, other or number>0',
        examples: ['[accepted]'],
      }),
    ),
  ),
  status: optional(
    listOf(whole('an HTTP status', 200, 499, 201), 'a list of HTTP statuses', {
      uniqueItems: true,
      maxItems: 50,
    }),
  ),
};

const conditions = listOf(
  Type.Object(condition, { title: 'a condition', minProperties: 1 }),
  'a list of conditions',
  { maxItems: 20 },
);

const Condition = Type.Object(
  { ...condition, any: optional(conditions), all: optional(conditions) },
  { title: 'a condition', minProperties: 1 },
);

const Credentials = Type.Object({ user: Template, password: Template }, { title: 'a user and a password' });

const AuthInFile = Type.Object(
  {
    basic: optional(Credentials),
    bearer: optional(Template),
    header: optional(Type.Object({ name: HeaderName, value: Template }, { title: 'a header' })),
    query: optional(
      Type.Object(
        {
          name: text('the name of a parameter', 'key', (value) => !hasInvisible(value), 100),
          value: Template,
        },
        { title: 'a parameter' },
      ),
    ),
    oauth2: optional(
      Type.Object(
        {
          tokenUrl: Url,
          clientId: Template,
          clientSecret: Template,
          scope: optional(text('a scope', 'leads:write', (value) => !hasInvisible(value), 1000)),
          audience: optional(
            text('an audience', 'https://api.buyer.example', (value) => !hasInvisible(value), 1000),
          ),
          sendIn: optional(oneOf('a place for credentials', CREDENTIALS_IN, 'header')),
        },
        { title: 'OAuth 2.0 client credentials' },
      ),
    ),
  },
  { title: 'a way to authenticate', minProperties: 1 },
);

const RequestInFile = Type.Object(
  {
    method: optional(oneOf('a method', METHODS, 'POST')),
    url: optional(UrlTemplate),
    timeoutMs: optional(whole('a timeout in milliseconds', 50, 30_000, 800)),
    headers: optional(named(Template, { title: 'a map of headers', names: HeaderName, most: 50 })),
    query: optional(tree('a map of parameters')),
    json: optional(tree('a JSON value')),
    form: optional(tree('a map of names and values')),
    xml: optional(tree('a map with one element')),
    soap: optional(
      Type.Object(
        {
          version: optional(oneOf('a version of SOAP', SOAP_VERSIONS, '1.1')),
          action: optional(text('an action', 'urn:AddLead', (value) => !hasInvisible(value), 500)),
          header: optional(tree('a map of elements')),
          body: tree('a map of elements'),
        },
        { title: 'a SOAP message' },
      ),
    ),
    text: optional(Template),
    auth: optional(AuthInFile),
  },
  { title: 'a request' },
);

const AnswerInFile = Type.Object(
  {
    reads: optional(oneOf('a kind of answer', READS, 'json')),
    unwrap: optional(
      Type.Object(
        { ...selector, as: oneOf('a kind of document', UNWRAPS, 'xml') },
        { title: 'an inner document' },
      ),
    ),
    bid: optional(
      Type.Object(
        {
          ...selector,
          unit: optional(oneOf('a unit of money', UNITS, 'cents')),
          round: optional(oneOf('a way of rounding', ROUNDINGS, 'down')),
          currency: optional(Selector),
        },
        { title: 'a selector of a bid', minProperties: 1 },
      ),
    ),
    id: optional(Selector),
    redirect: optional(Selector),
    reason: optional(Selector),
    reasonElse: optional(text('a reason', 'no_bid', (value) => !hasInvisible(value), 80)),
    reasons: optional(
      named(text('a reason (a-z, 0-9 and _, at most 40)', 'no_coverage', matching(/^[a-z][a-z0-9_]*$/), 40), {
        title: 'a map of reasons',
        names: text('a reason of the buyer', 'No Coverage', (value) => !hasInvisible(value), 200),
        most: 200,
      }),
    ),
    capture: optional(
      named(Selector, {
        title: 'a map of selectors',
        names: text('a name (a letter, then letters, digits and _)', 'token', matching(/^[A-Za-z]\w*$/), 64),
        most: 20,
      }),
    ),
    bidWhen: optional(Condition),
    noBidWhen: optional(Condition),
    acceptedWhen: optional(Condition),
    refusedWhen: optional(Condition),
    duplicateWhen: optional(Condition),
    pendingWhen: optional(Condition),
    againWhen: optional(Condition),
    order: optional(
      listOf(oneOf('an outcome', ORDER, 'accepted'), 'a list of outcomes', { uniqueItems: true }),
    ),
  },
  { title: 'an answer mapping' },
);

const SampleInFile = Type.Object(
  {
    status: optional(whole('an HTTP status', 100, 599, 200)),
    headers: optional(
      named(Type.String({ title: 'a text', examples: ['text/xml'], maxLength: 2000 }), {
        title: 'a map of headers',
        names: HeaderName,
        most: 50,
      }),
    ),
    body: optional(Type.String({ title: 'a text', examples: ['{"status":"Matched"}'], maxLength: 65_536 })),
    means: oneOf('a meaning', [...ORDER, 'unclear'], 'accepted'),
    bid: optional(Type.Number({ title: 'an amount of money', examples: ['12.50'], minimum: 0 })),
    id: optional(Type.String({ title: 'a text', examples: ['42'] })),
    reason: optional(Type.String({ title: 'a text', examples: ['duplicate'] })),
    redirect: optional(Type.String({ title: 'a text', examples: ['https://buyer.example/thanks'] })),
  },
  { title: 'a recorded answer' },
);

const step = (title: string) =>
  optional(
    Type.Object(
      {
        request: optional(RequestInFile),
        answer: optional(AnswerInFile),
        samples: optional(listOf(SampleInFile, 'a list of recorded answers', { maxItems: 50 })),
      },
      { title, minProperties: 1 },
    ),
  );

const Value = Type.Unsafe<Scalar>(
  Type.Union([Type.String({ maxLength: 2000 }), Type.Boolean(), Type.Number()], {
    title: 'a text, a number, true or false',
    examples: ['26'],
  }),
);

/** A buyer's own protocol; `checkProtocol` compiles and tries it. */
export const ProtocolInFile = Type.Object(
  {
    preset: optional(text('the name of a preset', 'boberdoo', matching(/^[a-z0-9-]+$/), 64)),
    values: optional(
      named(Value, {
        title: 'a map of values',
        names: text('a name (a letter, then letters, digits and _)', 'type', matching(/^[A-Za-z]\w*$/), 64),
        most: 100,
      }),
    ),
    ping: step('a ping of a protocol'),
    post: step('a post of a protocol'),
    status: step('a status question of a protocol'),
  },
  { title: 'a protocol', minProperties: 1 },
);

export type ProtocolInFile = Type.Static<typeof ProtocolInFile>;
