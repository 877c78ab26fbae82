import { foldings } from './foldText.js';
import {
  tracesOf,
  weightOf,
  withMonthNumbers,
  wordsOf,
  type BirthDate,
  type LeadOfPerson,
  type Traces,
} from './personTraces.js';
import { spellingsOf, type Spelling } from './spellings.js';

/** Whether a text gives a lead's person away. */
export type PersonScreen = (text: string) => boolean;

/**
 * Recognises a lead's person in what others write: by name, e-mail address, phone number, street, ZIP+4, date of birth and
 * numbers of documents, in any case and punctuation, with names joined or shortened to an initial, encoded, hashed, or
 * from the end to the beginning. What to look for is found out once a lead, at the first text.
 */
export const personScreen =
  (lead: LeadOfPerson): PersonScreen =>
  (text) => {
    const traces = knownTraces(lead);
    return spellingsOf(text).some(
      (spelling) => hasName(traces, spelling) || hasIdentity(traces, spelling.text),
    );
  };

/**
 * The same, except for one name alone: most first names and many last names are words and other people's names as well
 * (Grace, Grant, Price), and say nothing of who it is.
 */
export const identityScreen =
  (lead: LeadOfPerson): PersonScreen =>
  (text) => {
    const traces = knownTraces(lead);
    return spellingsOf(text).some((spelling) => hasIdentity(traces, spelling.text));
  };

const known = new WeakMap<LeadOfPerson, Traces>();

function knownTraces(lead: LeadOfPerson): Traces {
  const traces = known.get(lead) ?? tracesOf(lead);
  known.set(lead, traces);
  return traces;
}

function hasName(traces: Traces, { text, leastLetters }: Spelling): boolean {
  return foldings(text).some((folded) => {
    const names = wordsOf(folded).filter((word) => !isNumber(word));
    return (
      names.some((word) => traces.words.has(word) && weightOf(word) >= leastLetters) ||
      hasAny(names.join(' '), traces.inWord)
    );
  });
}

function hasIdentity(traces: Traces, text: string): boolean {
  return foldings(text).some((folded) => {
    const words = wordsOf(folded);
    if (words.length === 0) return false;
    const numbers = words.filter(isNumber);
    const names = words.filter((word) => !isNumber(word));
    return (
      hasAny(names.join(''), traces.inLetters) ||
      hasAny(words.join(''), traces.inAll) ||
      hasAny(numbers.join(''), traces.inDigits) ||
      traces.together.some(([one, other]) => words.includes(one) && words.includes(other)) ||
      (numbers.length > 0 && traces.births.some((birth) => hasDate(folded, birth))) ||
      (folded.length >= MD5_LENGTH && hasDigest(folded, traces.digests))
    );
  });
}

const hasAny = (text: string, traces: readonly string[]): boolean =>
  text.length > 0 && traces.some((trace) => text.includes(trace));

/** Of the shortest digest, in hexadecimal. */
const MD5_LENGTH = 32;

const hasDigest = (folded: string, digests: Set<string>): boolean =>
  (folded.match(/[\da-f]{32,64}/g) ?? []).some((digest) => digests.has(digest));

const isNumber = (word: string): boolean => word.charAt(0) <= '9';

/** In numbers side by side, of which one may be the name of a month, or in one number of six or eight digits. */
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
