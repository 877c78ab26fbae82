import type { Kind, Part } from './fieldMapping.js';
import { isMap, scalarText } from './path.js';

/**
 * The texts of a document's value: one of a text, number or boolean, those of all its entries of a list, and one of a
 * map that form builders send for one answer (`{"full": "(305) 555-0163"}`). None of null and of what is not there.
 * @param as how they will be read
 */
export function textsOf(value: unknown, as?: Kind): string[] {
  if (value === undefined || value === null) return [];
  const text = scalarText(value);
  if (text !== undefined) return [text];
  if (Array.isArray(value)) return value.flatMap((item: unknown) => textsOf(item, as));
  return isMap(value) ? mapTexts(value, as) : [];
}

/** By lower-case name: the parts of an answer that are texts. */
type Answer = ReadonlyMap<string, string>;

function mapTexts(value: Readonly<Record<string, unknown>>, as: Kind | undefined): string[] {
  const names = Object.keys(value);
  // Several choices, by number, and what a person wrote beside them.
  if (names.length > 0 && names.every((name) => /^(?:\d{1,4}|other)$/i.test(name)))
    return names.flatMap((name) => textsOf(value[name], as));
  const answer = answerIn(value);
  const text = answerText(answer, as);
  if (text !== undefined) return [text];
  if ('value' in value) return textsOf(value.value, as);
  return Object.keys(value).length === 0 ? [] : [JSON.stringify(value)];
}

function answerIn(value: Readonly<Record<string, unknown>>): Answer {
  return new Map(
    Object.entries(value).flatMap(([name, item]): [string, string][] => {
      const text = scalarText(item);
      return text === undefined ? [] : [[name.toLowerCase().replace(/[^a-z0-9]/g, ''), text]];
    }),
  );
}

/** The part of an answer that a map has by its name: the `first` of a name in two fields. */
export const partIn = (value: unknown, part: Part): string | undefined =>
  isMap(value) ? answerIn(value).get(part) : undefined;

/** A composite answer as a person would write it; undefined if it is none that is known. */
function answerText(answer: Answer, as: Kind | undefined): string | undefined {
  const first = (names: readonly string[]): string | undefined =>
    names.map((name) => answer.get(name)).find((text) => text !== undefined && text.trim() !== '');
  const join = (names: readonly (string | readonly string[])[], separator: string): string =>
    names.flatMap((name) => first([name].flat()) ?? []).join(separator);
  const whole = as === 'phone' ? first([...WHOLE, ...WHOLE_NUMBER]) : undefined;
  const said = whole ?? answer.get('full') ?? answer.get('value') ?? answer.get('label');
  if (said !== undefined) return said;
  if (answer.has('year') && answer.has('month') && answer.has('day')) {
    const [year = '', month = '', day = ''] = ['year', 'month', 'day'].map((name) =>
      answer.get(name)?.trim(),
    );
    const date = [year, month.padStart(2, '0'), day.padStart(2, '0')].join('-');
    return year === '' ? '' : date;
  }
  if (answer.has('timeinput')) return join(['timeinput', 'ampm'], ' ');
  const hasArea = first(AREA) !== undefined;
  if ((hasArea && first(LINE) !== undefined) || (as === 'phone' && first(LINE) !== undefined)) {
    const code = first(COUNTRY)?.replace(/^\D*$/, '') ?? '';
    return `${code} ${join([AREA, EXCHANGE, LINE], ' ')}`.trim();
  }
  if (answer.has('first') && answer.has('last'))
    return join(['prefix', 'first', 'middle', 'last', 'suffix'], ' ');
  return answer.has('city') ? join(ADDRESS, ', ') : undefined;
}

const WHOLE = ['full', 'value', 'label'];
/** What widgets for phone numbers call the whole number, and its parts. */
const WHOLE_NUMBER = ['e164', 'international', 'formatted', 'fullnumber', 'phonenumber'];
const COUNTRY = ['country', 'countrycode', 'dialcode', 'callingcode'];
const AREA = ['area', 'areacode'];
const EXCHANGE = ['exchange', 'prefix'];
const LINE = ['phone', 'line', 'linenumber', 'number', 'subscriber', 'suffix'];

const ADDRESS = [
  ['addrline1', 'addressline1', 'line1', 'address', 'address1', 'street', 'streetaddress'],
  ['addrline2', 'addressline2', 'line2', 'address2', 'street2'],
  'city',
  ['state', 'region', 'province'],
  ['postal', 'postalcode', 'zip', 'zipcode'],
];
