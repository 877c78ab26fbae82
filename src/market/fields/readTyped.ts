import { enumReader, readBoolean, readList } from './choices.js';
import { readBirthDate, readDate } from './date.js';
import type { FieldDeclaration } from './declaration.js';
import { readMoney, readNumber } from './number.js';
import { readRange } from './range.js';
import type { FieldValue, Reading } from './reading.js';

/** @param now UTC ms; decides what a year of two digits means */
type Reader<Sent, T extends FieldValue> = (sent: Sent, now: number) => Reading<T>;

export type FieldReader = Reader<FieldValue, FieldValue>;

/** An enum's reader is expensive to make, and a campaign's declarations stay in memory for many leads. */
const readers = new WeakMap<FieldDeclaration, Map<string, FieldReader>>();

/** Reads a value of a declared field; see `typedReader`. */
export const readTyped = (
  declaration: FieldDeclaration,
  sent: FieldValue,
  { currency, now }: { currency: string; now: number },
): Reading<FieldValue> => typedReader(declaration, currency)(sent, now);

/**
 * The reader of a declared field. If there are several values, each is read, and one unreadable value makes all of
 * them unreadable. A normal form is read as itself.
 * @param currency of the campaign's amounts (ISO 4217)
 */
export function typedReader(declaration: FieldDeclaration, currency: string): FieldReader {
  const known = readers.get(declaration) ?? new Map<string, FieldReader>();
  const reader = known.get(currency) ?? newReader(declaration, currency);
  readers.set(declaration, known.set(currency, reader));
  return reader;
}

function newReader({ type, values = [], ...hints }: FieldDeclaration, currency: string): FieldReader {
  switch (type) {
    case 'boolean':
      return ofEach(readBoolean);
    case 'number':
      return ofEach(readNumber);
    case 'money':
      return ofEach((sent) => readMoney(sent, currency));
    case 'range':
      return ofEach(readRange);
    case 'date':
      return ofEach((sent, now) => readDate(sent, now, hints));
    case 'birthDate':
      return ofEach((sent, now) => readBirthDate(sent, now, hints));
    case 'list':
      return readList;
    case 'enum':
      return ofEach(enumReader(values));
  }
}

const ofEach =
  (readOne: Reader<string, string>): FieldReader =>
  (sent, now) =>
    typeof sent === 'string' ? readOne(sent, now) : readAll(sent, (text) => readOne(text, now));

function readAll(sent: readonly string[], readOne: (sent: string) => Reading): Reading<FieldValue> {
  const original = JSON.stringify(sent);
  const readings = sent.map(readOne);
  const notes = readings.flatMap(({ note }) => note ?? []);
  const isUnread = readings.some(({ value, note }) => value === undefined && note !== undefined);
  const values = [...new Set(readings.flatMap(({ value }) => value ?? []))];
  const [only] = values;
  if (isUnread || only === undefined) return { original, note: notes[0] };
  return { value: values.length === 1 ? only : values, original, note: notes[0] };
}
