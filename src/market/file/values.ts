import Type from 'typebox';
import { parseClosedTime, parseOpenHours } from '../calendar/openHours.js';
import { ADDRESSING } from '../fields/standardFields.js';
import { MOST_MONEY } from '../money.js';
import { isReasonCode } from '../model/returnShares.js';
import { stateCode } from '../fields/state.js';
import { categorySlug } from '../model/market.js';
import { hasInvisible } from '../invisible.js';
import { parseDuration } from '../calendar/duration.js';
import { parseInstant } from '../calendar/isoTime.js';

/*
 * The single values of a market file. Each has a `title`, which completes "… is not", and an example, which completes
 * "write it like"; together they are the message when a value is something else.
 */

/** A text with a maximum length and a test. */
export function text(title: string, example: string, passes: (value: string) => boolean, maxLength = 2048) {
  return Type.Refine(Type.String({ title, examples: [example], minLength: 1, maxLength }), passes);
}

/** One of several words; they are the static type. */
export const oneOf = <const Value extends string>(
  title: string,
  values: readonly Value[],
  example: NoInfer<Value>,
) =>
  Type.Unsafe<Value>(
    Type.Enum([...values], { title: `${title} (${values.join(', ')})`, examples: [example] }),
  );

export const listOf = <T extends Type.TSchema>(item: T, title: string, options: Type.TArrayOptions = {}) =>
  Type.Array(item, { title, minItems: 1, ...options });

/** A map whose keys are names of the file's own, each of which passes the schema `names`. */
export const named = <T extends Type.TSchema>(
  item: T,
  { title, names, most }: { title: string; names: Type.TSchema; most: number },
) => Type.Record(Type.String(), item, { title, names, minProperties: 1, maxProperties: most });

export const matching = (pattern: RegExp) => (value: string) => pattern.test(value);

/** Printable, not blank, no space around it. */
const isName = (value: string): boolean => value === value.trim() && !hasInvisible(value);

export const SellerCode = text(
  'a seller’s code (8 characters, A-Z and 0-9)',
  'ACME1234',
  matching(/^[A-Z0-9]{8}$/),
);

const hyphenated = matching(/^[a-z0-9]+(-[a-z0-9]+)*$/);

export const Slug = text(
  'a slug (a-z, 0-9 and single hyphens, at most 64)',
  'acme-insurance',
  hyphenated,
  64,
);

export const BuyerId = text(
  'a buyer’s id (a-z, 0-9 and single hyphens, at most 64)',
  'northwind',
  hyphenated,
  64,
);

/** A text on one line without space around it. */
export const line = (title: string, example: string, maxLength: number) =>
  text(`${title} (1 to ${maxLength} characters on one line)`, example, isName, maxLength);

export const Name = text('a name (1 to 100 characters on one line)', 'Acme Insurance', isName, 100);

export const Category = text(
  'a category (1 to 100 characters on one line, a letter a-z or a digit among them)',
  'Auto Insurance',
  (value) => isName(value) && categorySlug(value) !== '',
  100,
);

/** Required of every lead; listing them is a misunderstanding. */
const always = new Set<string>(ADDRESSING);

export const FieldName = text(
  'a field name (a letter, then letters, digits, _ and -, at most 64; not seller or category)',
  'firstName',
  (value) => /^[A-Za-z][A-Za-z0-9_-]*$/.test(value) && !always.has(value),
  64,
);

/** What an alias may stand for: any field, and a whole name (`fullName`) that is to be split. */
export const TargetField = text(
  'the name of a field (a letter, then letters, digits, _ and -, at most 64)',
  'firstName',
  matching(/^[A-Za-z][A-Za-z0-9_-]*$/),
  64,
);

export const State = text(
  'a US state, district or territory',
  'TX',
  (value) => stateCode(value) !== undefined,
  64,
);

export const Url = text(
  'an http or https address without user name and password',
  'https://buyer.example/leads',
  (value) => {
    if (!URL.canParse(value) || /\s/.test(value)) return false;
    const { protocol, username, password } = new URL(value);
    return ['http:', 'https:'].includes(protocol) && username === '' && password === '';
  },
);

const currencies = new Set(Intl.supportedValuesOf('currency'));

export const Currency = text('a currency’s code (ISO 4217)', 'USD', (value) => currencies.has(value), 3);

/** Zones that are known to be some: asking takes long, and each contract has one. */
const zones = new Set<string>();

export const TimeZone = text('an IANA time zone', 'America/Chicago', (value) => {
  // Some versions of Node.js take offsets, such as +05:00, for zones.
  if (!/^[A-Z]/i.test(value)) return false;
  if (zones.has(value)) return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    zones.add(value);
    return true;
  } catch {
    return false;
  }
});

export const TimeRange = text(
  'a time range',
  'Mon-Fri 08:00-20:00',
  (value) => parseOpenHours(value) !== undefined,
);

export const ClosedTime = text(
  'a day, several days or part of a day',
  '2026-12-25',
  (value) => parseClosedTime(value) !== undefined,
);

export const SourceName = text(
  'the name of a source (a-z, 0-9, _ and single hyphens, at most 64)',
  'landing-page',
  matching(/^[a-z0-9_]+(-[a-z0-9_]+)*$/),
  64,
);

export const CheckName = text(
  'the name of a check (a-z, 0-9 and single hyphens, at most 40)',
  'do-not-call',
  hyphenated,
  40,
);

export const ReasonName = text('a reason (a-z, 0-9 and _, at most 40)', 'wrong_number', isReasonCode, 40);

export const Instant = text(
  'a date and time with its offset from UTC (ISO 8601)',
  '2026-12-01T09:00:00-06:00',
  (value) => parseInstant(value) !== undefined,
  40,
);

/** A duration between two others, written like them. */
export function duration(least: string, most: string, example: string) {
  const [min = 0, max = 0] = [parseDuration(least), parseDuration(most)];
  return text(`a duration from ${least} to ${most}`, example, (value) => {
    const ms = parseDuration(value) ?? NaN;
    return ms >= min && ms <= max;
  });
}

export function whole(title: string, minimum: number, maximum: number, example: number) {
  const range = `${title} (a whole number from ${minimum} to ${maximum})`;
  return Type.Integer({ title: range, examples: [example], minimum, maximum });
}

export const Amount = Type.Number({
  title: `an amount of money (a number from 0 to ${MOST_MONEY})`,
  examples: ['10.00'],
  minimum: 0,
  maximum: MOST_MONEY,
});

export const Price = Type.Number({
  title: `a price (a number above 0, at most ${MOST_MONEY})`,
  examples: ['12.50'],
  exclusiveMinimum: 0,
  maximum: MOST_MONEY,
});
