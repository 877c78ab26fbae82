import { foldLabel, readBoolean, readList } from '../fields/choices.js';
import { readBirthDate, readDate, type DateHints } from '../fields/date.js';
import { readEmail } from '../fields/email.js';
import { readFullName, readName } from '../fields/name.js';
import { readMoney, readNumber } from '../fields/number.js';
import { areaCode, phoneParts, readPhone } from '../fields/phone.js';
import { boundsOf, readRange } from '../fields/range.js';
import type { FieldValue, Reading } from '../fields/reading.js';
import { readState } from '../fields/state.js';
import { cleanText, MAX_VALUE, readText } from '../fields/text.js';
import { readTime } from '../fields/time.js';
import { readIp, readUrl } from '../fields/web.js';
import { readZip } from '../fields/zip.js';
import { partIn, textsOf } from './documentText.js';
import type { Condition, FieldMapping, Kind, Part } from './fieldMapping.js';
import { parsePath, pathHint, valueAt, type DocumentPath } from './path.js';
import { formatReader, type FormatReader } from './timeFormat.js';

/** What a document becomes as one field of a lead. */
export type Mapped =
  | {
      /** In normal form if `as` could read it. */
      value: FieldValue;
      /** Before it was read: what a person wrote or a lookup says. */
      sent: FieldValue;
      /** A remark on how it was read; never repeats the value. */
      note?: string;
    }
  /** Why there is no value. */
  | { missing: string }
  /** Why the lead is refused (`else: refuse`); never repeats the value. */
  | { fault: string };

export interface MapOptions {
  /** When the document came, UTC ms. */
  now: number;
  /** The document was a form, in which an unencoded plus sign arrives as a space. */
  plusWasSpace?: boolean;
}

/** The mapping of one field, ready for many documents. */
export type FieldMapper = (document: unknown, options: MapOptions) => Mapped;

/**
 * Compiles a field's mapping. The mapper takes time in proportion to the size of the document.
 * @throws Error if a path or a format is faulty, which the market file's checks report before
 */
export function fieldMapper(mapping: FieldMapping): FieldMapper {
  const holds = mapping.when && conditionTest(mapping.when);
  const sources = sourcesOf(mapping);
  const convert = converter(mapping);
  return (document, options) => {
    if (holds?.(document) === false)
      return { missing: `the condition on ${(mapping.when?.from ?? []).join(', ')} does not hold` };
    let missing = 'nothing to take it from';
    for (const source of sources) {
      const found = source(document, options);
      const mapped = 'missing' in found ? found : convert(found, options);
      if (!('missing' in mapped)) return mapped;
      missing = mapped.missing;
    }
    return { missing };
  };
}

/** Compiles a condition; the test never throws. */
export function conditionTest({ from, is, exists }: Condition): (document: unknown) => boolean {
  const paths = from.map(compiledPath);
  return (document) => {
    const text = paths.map((path) => cleanText(textsOf(valueAt(path, document)).join(', '))).find(isShown);
    if (exists !== undefined) return (text !== undefined) === exists;
    return text !== undefined && (is ?? [true]).some((wanted) => equals(text, wanted));
  };
}

const isShown = (text: string): boolean => text !== '';

const equals = (text: string, wanted: string | boolean): boolean =>
  typeof wanted === 'string'
    ? foldLabel(text) === foldLabel(wanted)
    : readBoolean(text).value === (wanted ? 'yes' : 'no');

/** @throws Error if it is faulty */
export function compiledPath(text: string): DocumentPath {
  const path = parsePath(text);
  if ('problem' in path) throw new Error(`The path "${text}" ${path.problem}`);
  return path;
}

/** The texts that a field is made of. */
interface Found {
  texts: readonly string[];
  /** They are the part that the mapping wants: a map had it by its name. */
  isPart?: boolean;
}

/** Finds these texts, or says why there are none. */
type Source = (document: unknown, options: MapOptions) => Found | { missing: string };

function sourcesOf({ from = [], const: constant, now, join, part, as }: FieldMapping): Source[] {
  if (constant !== undefined) return [() => ({ texts: [constant] })];
  if (now === true) return [(_document, options) => ({ texts: [new Date(options.now).toISOString()] })];
  const paths = from.map(compiledPath);
  if (join === undefined) {
    return paths.map((path) => (document) => {
      const value = valueAt(path, document);
      const own = part === undefined ? undefined : partIn(value, part);
      if (own !== undefined) return { texts: [own], isPart: true };
      return shownTexts([value], { as, paths: [path] }, document);
    });
  }
  const joined = join.map(compiledPath);
  const joinIn: Source = (document) =>
    shownTexts(
      joined.map((path) => valueAt(path, document)),
      { as, paths: joined },
      document,
    );
  if (paths.length === 0) return [joinIn];
  return paths.map((path) => (document, options) => joinIn(valueAt(path, document), options));
}

function shownTexts(
  values: readonly unknown[],
  { as, paths }: { as: Kind | undefined; paths: readonly DocumentPath[] },
  document: unknown,
): Found | { missing: string } {
  const texts = values.flatMap((value) => textsOf(value, as)).filter((text) => cleanText(text) !== '');
  if (texts.length > 0) return { texts };
  const names = paths.map(({ text }) => text).join(', ');
  if (values.some((value) => value !== undefined)) return { missing: `${names} is blank` };
  const hints = paths.flatMap((path) => pathHint(path, document) ?? []);
  return { missing: [`nothing at ${names}`, ...hints.slice(0, 1)].join('; ') };
}

type Converter = (found: Found, options: MapOptions) => Mapped;

function converter(mapping: FieldMapping): Converter {
  const { split, with: separator = ', ', lookup, else: otherwise = 'keep', part, as } = mapping;
  const table = lookup && new Map(lookup.map(({ label, value }) => [foldLabel(label), value]));
  const read = as && readerOf(as, mapping);
  const staysList = as === 'list' && mapping.with === undefined;
  return ({ texts: sent, isPart = false }, options) => {
    const pieces = split === undefined ? sent : sent.flatMap((text) => text.split(split)).map(trimmed);
    const texts: string[] = [];
    for (const piece of pieces.filter((text) => cleanText(text) !== '')) {
      const found = table === undefined ? piece : table.get(foldLabel(piece));
      if (found !== undefined) texts.push(found);
      else if (otherwise === 'refuse') return { fault: UNLISTED };
      else if (otherwise !== 'drop') texts.push(otherwise === 'keep' ? piece : otherwise);
    }
    if (texts.length === 0) return { missing: pieces.length > 0 && table ? UNLISTED : 'blank' };
    // What is joined is one text from here on.
    const whole = mapping.join === undefined || staysList ? texts : [texts.join(separator)];
    // A reader’s patterns take more than linear time for some texts.
    if (whole.some((text) => text.length > MAX_VALUE)) return TOO_LONG;
    const parts =
      part === undefined || isPart
        ? whole
        : whole.flatMap((text) => partOf(part, text, mapping, options) ?? []);
    if (parts.length === 0) return { missing: `the value has no part "${part}"` };
    const value = staysList ? parts : parts.join(separator);
    if (read === undefined) return { value, sent: value };
    const reading = read(parts, options);
    if (reading.value !== undefined) {
      const { value: normal } = reading;
      const readable = staysList || typeof normal === 'string' ? normal : normal.join(separator);
      return { value: readable, sent: value, note: reading.note };
    }
    if (reading.note === undefined) return { missing: 'blank' };
    const why = reading.note.replace(/; kept as sent$/, '');
    if (otherwise === 'refuse') return { fault: why };
    if (otherwise === 'drop') return { missing: why };
    if (otherwise !== 'keep' && table === undefined) return { value: otherwise, sent: otherwise };
    return { value, sent: value, note: reading.note };
  };
}

export const TOO_LONG = { missing: `longer than ${MAX_VALUE} characters` };

const UNLISTED = 'none of the values that the lookup lists';

const trimmed = (text: string): string => text.trim();

/** Reads the texts of a value, which are several if it was a list. */
type TextsReader = (texts: readonly string[], options: MapOptions) => Reading<FieldValue>;

function readerOf(as: Kind, mapping: FieldMapping): TextsReader {
  if (as === 'list') return (texts) => readList([...texts]);
  const readOne = textReader(as, mapping);
  return (texts, options) => {
    const [only = '', ...others] = texts;
    if (others.length === 0) return readOne(only, options);
    const readings = texts.map((text) => readOne(text, options));
    const unread = readings.find(({ value, note }) => value === undefined && note !== undefined);
    if (unread) return { original: only, note: unread.note };
    const values = readings.flatMap(({ value }) => value ?? []);
    return values.length === 0 ? { original: only } : { value: values, original: only };
  };
}

type TextReader = (text: string, options: MapOptions) => Reading;

function textReader(as: Exclude<Kind, 'list'>, mapping: FieldMapping): TextReader {
  const { order, unit, zone, currency = 'USD' } = mapping;
  const isExcel = mapping.format === 'excel';
  const dates: DateHints = { order, unit, zone, format: isExcel ? 'excel' : undefined };
  const written = mapping.format === undefined || isExcel ? undefined : compiledFormat(mapping.format);
  const inFormat = (text: string): string => written?.(text) ?? text;
  switch (as) {
    case 'phone':
      return (text) => readPhone(text);
    case 'state':
      return readState;
    case 'zip':
      return readZip;
    case 'email':
      return readEmail;
    case 'boolean':
      return readBoolean;
    case 'number':
      return readNumber;
    case 'money':
      return (text) => readMoney(text, currency);
    case 'range':
      return readRange;
    case 'date':
      return (text, { now }) => readDate(inFormat(text), now, dates);
    case 'birthDate':
      return (text, { now }) => readBirthDate(inFormat(text), now, dates);
    case 'time':
      return (text) => readTime(inFormat(text), { zone, unit });
    case 'ip':
      return readIp;
    case 'url':
      return readUrl;
    case 'name':
      return readName;
    case 'html':
      return (text) => readText(text, { decode: 'html' });
  }
}

/** @throws Error if it is faulty */
function compiledFormat(format: string): FormatReader {
  const reader = formatReader(format);
  if (typeof reader === 'function') return reader;
  throw new Error(`The format "${format}" ${reader.problem}`);
}

/** A part of a text; undefined if it has no such part. */
function partOf(part: Part, text: string, mapping: FieldMapping, { now }: MapOptions): string | undefined {
  switch (part) {
    case 'first':
    case 'last':
    case 'suffix': {
      const name = readFullName(text).value?.[part];
      return name === undefined ? undefined : asWritten(name, text);
    }
    case 'area':
      return areaCode(readPhone(text).value ?? '');
    case 'extension':
      return phoneParts(readPhone(text).value ?? '').extension;
    case 'zip5':
      return /^\d{5}/.exec(readZip(text).value ?? '')?.[0];
    case 'plus4':
      return /^\d{5}-(\d{4})$/.exec(readZip(text).value ?? '')?.[1];
    case 'min':
    case 'max': {
      const range = readRange(text).value;
      return range === undefined ? undefined : boundsOf(range)[part]?.toString();
    }
    case 'date': {
      const { order, unit, zone } = mapping;
      return readDate(text, now, { order, unit, zone }).value;
    }
  }
}

/** A part of a name with the capitals that it was sent with. */
function asWritten(name: string, text: string): string {
  const at = text.toLowerCase().indexOf(name.toLowerCase());
  return at < 0 ? name : text.slice(at, at + name.length);
}
