import { parseDate } from '../calendar/days.js';
import { FIELDS, readableFields } from '../fields/standardFields.js';
import type { FieldDeclaration, FieldDeclarations } from '../fields/declaration.js';
import { ageOn, todayIn } from '../fields/date.js';
import { readEmail } from '../fields/email.js';
import { areaCode, phoneParts, readPhone } from '../fields/phone.js';
import type { FieldValue } from '../fields/reading.js';
import { boundsOf, type Bounds } from '../fields/range.js';
import { typedReader } from '../fields/readTyped.js';
import { stateCode } from '../fields/state.js';
import { readZip, zip5 } from '../fields/zip.js';

/** The values of a field, at least one, as rules compare them. */
interface Values {
  /** As people and expressions see them. */
  texts: readonly string[];
  /** What `equals`, `oneOf`, `not` and `includes` look up. */
  keys: readonly string[];
  /** What `startsWith` looks at. */
  beginnings: readonly string[];
}

export interface Comparable extends Values {
  /** Of the values that are bounds of this kind. */
  bounds: (kind: BoundKind) => readonly Bounds[];
  /** Of the values that are dates of birth: whole years on today's day in a time zone (IANA). */
  ages: (timezone: string) => readonly number[];
}

/** What bounds of a rule are: numbers, or dates as wall time (see calendar/zone.ts). */
export type BoundKind = 'number' | 'date';

/** How rules compare their own texts with the values of a field. */
export interface Comparison {
  keyOf: (ruleText: string) => string;
  beginningOf: (ruleText: string) => string;
}

/** How a field is read, too. */
interface ComparedField extends Comparison {
  /** Undefined if there is no readable value. */
  read: (value: FieldValue, now: number) => Values | undefined;
  /** Undefined if the text, one of `Values`, is no such thing. */
  boundsOf: (text: string, kind: BoundKind) => Bounds | undefined;
}

const fold = (text: string): string => text.trim().toLowerCase();

function valuesOf(texts: readonly string[]): Values | undefined {
  if (texts.length === 0) return undefined;
  const keys = texts.map(fold);
  return { texts, keys, beginnings: keys };
}

/** A value of one, as bounds. */
const exactly = (value: number | undefined): Bounds | undefined =>
  value === undefined ? undefined : { min: value, max: value };

const textsOf = (value: FieldValue): string[] =>
  [value]
    .flat()
    .map((text) => text.trim())
    .filter((text) => text !== '');

/** A field that is not declared, and the standard fields that are texts: compared as they are. */
const TEXT: ComparedField = {
  read: (value) => valuesOf(textsOf(value)),
  keyOf: fold,
  beginningOf: fold,
  boundsOf: (text, kind) => exactly(kind === 'number' ? plainNumber(text) : parseDate(plainDate(text) ?? '')),
};

const NUMBER = /^-?\$?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?%?$/;

/** `45000`, `45,000`, `$45,000.50`, `-3`, `12%` (12); a text that is no number has none. */
function plainNumber(text: string): number | undefined {
  return NUMBER.test(text) ? Number(text.replace(/[$,%]/g, '')) : undefined;
}

/** `2026-11-24`, with or without a time after it, or `11/24/2026`, as `2026-11-24`; undefined if there is no such day. */
function plainDate(text: string): string | undefined {
  const [, month = '', date = '', year = ''] = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text) ?? [];
  const day =
    year === ''
      ? (/^[^T ]*(?=[T ]\d|$)/.exec(text)?.[0] ?? '')
      : `${year}-${month.padStart(2, '0')}-${date.padStart(2, '0')}`;
  return parseDate(day) === undefined ? undefined : day;
}

/** The first text of a value; the documented fields have one. */
const firstOf = (value: FieldValue): string => (typeof value === 'string' ? value : (value[0] ?? ''));

/** Rules name numbers as they are dialled in the country: `214`, `(214) 555`, `+1 214`; numbers abroad need their `+`. */
const PHONE: ComparedField = {
  ...TEXT,
  read: (value) => {
    const normal = readPhone(firstOf(value)).value;
    if (normal === undefined) return undefined;
    const { e164 } = phoneParts(normal);
    const text = areaCode(normal) === undefined ? e164 : e164.slice('+1'.length);
    return { texts: [text], keys: [e164], beginnings: [e164] };
  },
  keyOf: (text) => phoneParts(readPhone(text).value ?? international(text)).e164,
  beginningOf: international,
};

function international(text: string): string {
  const digits = text.replace(/\D/g, '');
  if (digits === '') return fold(text);
  return text.trim().startsWith('+') || digits.startsWith('1') ? `+${digits}` : `+1${digits}`;
}

/** Five digits, and the +4 only if the rule names it. */
const ZIP: ComparedField = {
  ...TEXT,
  read: (value) => {
    const normal = readZip(firstOf(value)).value;
    if (normal === undefined) return undefined;
    const texts = [...new Set([zip5(normal) ?? normal, normal])];
    return { texts, keys: texts.map(fold), beginnings: [fold(normal)] };
  },
  keyOf: (text) => fold(readZip(text).value ?? text),
  beginningOf: (text) =>
    fold(
      text.replace(/^(\d{5})[- ]?(\d{0,4})$/, (_, five: string, four: string) =>
        four === '' ? five : `${five}-${four}`,
      ),
    ),
};

/** A rule may name a state as people do. */
const STATE: ComparedField = {
  ...TEXT,
  read: (value) => valuesOf([stateCode(firstOf(value)) ?? []].flat()),
  keyOf: (text) => fold(stateCode(text) ?? text),
};

const EMAIL: ComparedField = {
  ...TEXT,
  read: (value) => valuesOf([readEmail(firstOf(value)).value ?? []].flat()),
  keyOf: (text) => readEmail(text).value ?? fold(text),
};

/** The area code of a phone number, seen under a name of its own. */
const AREA_CODE: ComparedField = { ...TEXT, read: (phone) => valuesOf(areaCodesOf(phone)) };

const areaCodesOf = (phone: FieldValue): string[] => {
  const code = areaCode(readPhone(firstOf(phone)).value ?? '');
  return code === undefined ? [] : [code];
};

const STANDARD: ReadonlyMap<string, ComparedField> = new Map([
  ['phone', PHONE],
  ['zip', ZIP],
  ['state', STATE],
  ['email', EMAIL],
]);

/** Values and rules are read in the same way, whether the value was stored in its normal form or as it was sent. */
function declaredField(declaration: FieldDeclaration, currency: string): ComparedField {
  const read = typedReader(declaration, currency);
  const isList = declaration.type === 'list';
  return {
    read: (value, now) => valuesOf([read(value, now).value ?? []].flat()),
    // A rule writes dates in their normal form, so that it does not matter when it is read.
    keyOf: (text) => fold(isList ? text : firstOf(read(text, 0).value ?? text)),
    beginningOf: fold,
    boundsOf: (text) => typedBounds(text, declaration),
  };
}

/** @param text in normal form */
function typedBounds(text: string, { type }: FieldDeclaration): Bounds | undefined {
  switch (type) {
    case 'number':
    case 'money':
      return exactly(Number(text));
    case 'range':
      return boundsOf(text);
    case 'date':
    case 'birthDate':
      return exactly(parseDate(text));
    case 'boolean':
    case 'list':
    case 'enum':
      return undefined;
  }
}

export type Fields = Readonly<Record<string, FieldValue>>;

/**
 * The fields of a stored lead that rules see: without standard fields that could not be read. A custom field that could
 * not be read is read again by what its campaign declares now, which may know a label more.
 */
export function fieldsForRules({
  fields,
  unread = [],
}: {
  fields: Fields;
  unread?: readonly string[];
}): Fields {
  return readableFields({ fields, unread: unread.filter((name) => Object.hasOwn(FIELDS, name)) });
}

/** The comparisons of a campaign's fields, compiled for frequent use. */
export interface Comparisons {
  of: (field: string) => Comparison;
  /** A field of a lead; undefined if it is missing, blank or can't be read. */
  read: (fields: Fields, field: string, now: number) => Comparable | undefined;
}

/** The name under which rules ask for a phone's area code, unless the lead has a field of that name. */
export const AREA_CODE_FIELD = 'areaCode';

export function compileComparisons(declarations: FieldDeclarations, currency: string): Comparisons {
  const declared = new Map(
    Object.entries(declarations).map(([field, declaration]) => [field, declaredField(declaration, currency)]),
  );
  const of = (field: string): ComparedField => declared.get(field) ?? STANDARD.get(field) ?? TEXT;
  const readField = (fields: Fields, field: string, now: number): Comparable | undefined => {
    const isDerived = field === AREA_CODE_FIELD && !declared.has(field) && !Object.hasOwn(fields, field);
    const [name, compared] = isDerived ? ['phone', AREA_CODE] : [field, of(field)];
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const values = value === undefined ? undefined : compared.read(value, now);
    return values && comparable(values, compared, now);
  };
  // Thousands of contracts ask for the same few fields of one lead in turn.
  let last: { fields: Fields; now: number; known: Map<string, Comparable | undefined> } | undefined;
  return {
    of,
    read: (fields, field, now) => {
      if (last?.fields !== fields || last.now !== now) last = { fields, now, known: new Map() };
      if (last.known.has(field)) return last.known.get(field);
      const read = readField(fields, field, now);
      last.known.set(field, read);
      return read;
    },
  };
}

function comparable(values: Values, { boundsOf }: ComparedField, now: number): Comparable {
  return {
    ...values,
    bounds: remembered((kind) => values.texts.flatMap((text) => boundsOf(text, kind) ?? [])),
    ages: remembered((timezone) => {
      const today = todayIn(timezone, now);
      return values.texts.flatMap((text) => {
        const born = plainDate(text);
        return born === undefined ? [] : ageOn(born, today);
      });
    }),
  };
}

function remembered<Key, Result>(compute: (key: Key) => Result): (key: Key) => Result {
  const known = new Map<Key, Result>();
  return (key) => {
    const result = known.get(key) ?? compute(key);
    known.set(key, result);
    return result;
  };
}
