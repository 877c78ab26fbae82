import { createHash } from 'node:crypto';
import { foldings } from './foldText.js';
import {
  findTraces,
  weightOf,
  withMonthNumbers,
  wordsOf,
  type BirthDate,
  type LeadOfPerson,
  type Traces,
} from './personTraces.js';
import { spellingsOf, type Spelling } from './spellings.js';

/** Whether a text identifies the lead's person. */
export type PersonScreen = (text: string) => boolean;

/**
 * Recognises a lead's person in free text: by name, e-mail address, phone number, street, ZIP+4, date of birth and
 * document numbers, in any case and punctuation, with names joined or shortened to an initial, encoded, hashed, or
 * reversed. The traces to look for are computed once per lead, at the first text.
 */
export const personScreen = (lead: LeadOfPerson): PersonScreen => screen(lead, hasName, hasIdentity);

/**
 * The same, but ignores a name alone: most first names and many last names are also words and other people's names
 * (Grace, Grant, Price), and don't identify anyone.
 */
export const identityScreen = (lead: LeadOfPerson): PersonScreen => screen(lead, hasIdentity);

/** One spelling of a text, split into words and numbers. */
interface SplitText {
  folded: string;
  words: string[];
  numbers: string[];
  names: string[];
  leastLetters: number;
}

type Find = (traces: Traces, split: SplitText) => boolean;

const known = new WeakMap<LeadOfPerson, Traces>();

const screen =
  (lead: LeadOfPerson, ...finds: Find[]): PersonScreen =>
  (text) => {
    const traces = known.get(lead) ?? findTraces(lead);
    known.set(lead, traces);
    return spellingsOf(text).some((spelling) =>
      splitText(spelling).some((split) => finds.some((find) => find(traces, split))),
    );
  };

const splitText = ({ text, leastLetters }: Spelling): SplitText[] =>
  foldings(text).map((folded) => {
    const words = wordsOf(folded);
    const numbers = words.filter(isNumber);
    return { folded, words, numbers, names: words.filter((word) => !isNumber(word)), leastLetters };
  });

const isNumber = (word: string): boolean => word.charAt(0) <= '9';

const hasName: Find = (traces, { names, leastLetters }) =>
  names.some((word) => traces.words.has(word) && weightOf(word) >= leastLetters) ||
  hasAny(names.join(' '), traces.inWord);

const hasIdentity: Find = (traces, { folded, words, numbers, names }) =>
  hasAny(names.join(''), traces.inLetters) ||
  hasAny(words.join(''), traces.inAll) ||
  hasAny(numbers.join(''), traces.inDigits) ||
  traces.together.some(([one, other]) => words.includes(one) && words.includes(other)) ||
  (numbers.length > 0 && traces.births.some((birth) => hasDate(folded, birth))) ||
  hasDigest(folded, traces.hashed);

const hasAny = (text: string, traces: readonly string[]): boolean =>
  text.length > 0 && traces.some((trace) => text.includes(trace));

/** By the length of the digest in hexadecimal. */
const ALGORITHMS = new Map([
  [32, 'md5'],
  [40, 'sha1'],
  [64, 'sha256'],
]);

const hasDigest = (folded: string, texts: Set<string>): boolean =>
  (folded.match(/[\da-f]{32,64}/g) ?? []).some((digest) => {
    const algorithm = ALGORITHMS.get(digest.length);
    return (
      algorithm !== undefined &&
      [...texts].some((text) => createHash(algorithm).update(text).digest('hex') === digest)
    );
  });

/** As adjacent numbers, one of which may be the name of a month, or as one number of six or eight digits. */
function hasDate(folded: string, { year, month, day }: BirthDate): boolean {
  const [dd, mm, yyyy, yy] = [two(day), two(month), String(year), two(year % 100)];
  const whole = [yyyy + mm + dd, dd + mm + yyyy, mm + dd + yyyy];
  const short = [yy + mm + dd, dd + mm + yy, mm + dd + yy];
  const groups: string[] = withMonthNumbers(folded).match(/\d+/g) ?? [];
  return groups.some((group, i) => {
    const three = groups.slice(i, i + 3);
    return (
      whole.some((date) => group.includes(date)) ||
      short.includes(group) ||
      isSame(three, [yyyy, mm, dd]) ||
      isSame(three, [yy, mm, dd])
    );
  });
}

/** The same numbers in any order. */
const isSame = (some: string[], others: string[]): boolean =>
  some.map(Number).toSorted().join(' ') === others.map(Number).toSorted().join(' ');

const two = (number: number): string => String(number).padStart(2, '0');
