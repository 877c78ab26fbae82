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
  const whole = answer.get('full') ?? answer.get('value') ?? answer.get('label');
  if (whole !== undefined) return whole;
  const join = (names: readonly string[], separator: string): string =>
    names
      .flatMap((name) => answer.get(name) ?? [])
      .filter((text) => text.trim() !== '')
      .join(separator);
  if (answer.has('year') && answer.has('month') && answer.has('day')) {
    const [year = '', month = '', day = ''] = ['year', 'month', 'day'].map((name) =>
      answer.get(name)?.trim(),
    );
    const date = [year, month.padStart(2, '0'), day.padStart(2, '0')].join('-');
    return year === '' ? '' : date;
  }
  if (answer.has('phone') && (answer.has('area') || as === 'phone'))
    return join(['country', 'area', 'phone'], ' ');
  if (answer.has('first') && answer.has('last'))
    return join(['prefix', 'first', 'middle', 'last', 'suffix'], ' ');
  const address = [
    'addrline1',
    'addrline2',
    'line1',
    'line2',
    'city',
    'state',
    'postal',
    'postalcode',
    'zip',
  ];
  return answer.has('city') ? join(address, ', ') : undefined;
}
