import type { Reading } from './reading.js';
import { blank, cleanText } from './text.js';

/** The parts of a person's name. */
export interface FullName {
  first: string;
  last?: string;
  suffix?: string;
}

/** Small words within surnames. */
const PARTICLE =
  /^(?:van|von|vom|zu|zum|zur|der|den|de|del|della|di|da|do|dos|das|du|des|la|le|las|los|el|al|bin|ibn|ben|ter|ten|te|af|av|y|st\.?|san|santa)$/i;
/** Particles that stay small in the United States: `van der Berg`, but `De La Cruz`, `St. John`. */
const SMALL_PARTICLE = /^(?:van|von|vom|zu|zum|zur|der|den|bin|ibn|ben|ter|ten|te|af|av|y)$/i;
const TITLE = /^(?:mr|mrs|ms|miss|mx|dr|prof|rev|hon|sir|madam|capt|sgt|lt|col|fr)\.?$/i;
const SUFFIX = /^(?:jr|sr|ii|iii|iv|v|esq|m\.?d|ph\.?d|d\.?d\.?s|cpa)\.?$/i;
const AND = /^(?:and|&|or)$/i;
const ROMAN = /^(?:ii|iii|iv|vi{0,3})$/i;

/**
 * A first or last name: spaces put in order, and capitals only if all of it is in capitals or in small letters, because
 * mixed case was chosen by a person. Null, None, Na and Unknown are names.
 */
export function readName(sent: string): Reading {
  const text = cleanText(sent).replace(/\s+/g, ' ');
  if (!/[\p{L}\p{N}]/u.test(text)) return blank(sent);
  return { value: inOneCase(text) ? capitalised(text) : text, original: sent };
}

/** A first name, likewise; two capitals without a vowel are initials (`JP`) and stay. */
export const readFirstName = (sent: string): Reading =>
  /^[B-DF-HJ-NP-TV-XZ]{2}$/.test(cleanText(sent))
    ? { value: cleanText(sent), original: sent }
    : readName(sent);

const inOneCase = (text: string): boolean => text === text.toUpperCase() || text === text.toLowerCase();

function capitalised(text: string): string {
  const words = text.split(' ');
  return words
    .map((word, i) => {
      if (ROMAN.test(word) && i > 0) return word.toUpperCase();
      if (i < words.length - 1 && SMALL_PARTICLE.test(word)) return word.toLowerCase();
      return word
        .split(/(?<=[-.])/)
        .map(capitalisedPart)
        .join('');
    })
    .join(' ');
}

/** `O'Brien`, `McDonald`; `Macdonald` and `MacDonald` can't be told apart. */
const capitalisedPart = (part: string): string =>
  part
    .toLowerCase()
    .replace(/\p{L}/u, capital)
    .replace(/(?<=^\P{L}*\p{L}['’])\p{L}/u, capital)
    .replace(/(?<=Mc)\p{L}/u, capital)
    .normalize('NFC');

/** The capital of a letter, if the letter is that capital's small one: `s` is, `ſ` and `ß` are not. */
function capital(letter: string): string {
  const upper = letter.toUpperCase();
  return upper.toLowerCase() === letter ? upper : letter;
}

/** Words of programs that are no name at all, as the whole value. */
const NO_NAME = /^(?:undefined|\[object \w+\]|\{\{.*\}\}|<test lead:.*>|n\/?a|-+)$/i;

/**
 * A whole name in one field, taken apart: the last word is the surname, with the particles before it; `Doe, John` is the
 * other way round. Titles and nicknames are left out, and of two people the first counts. Two surnames can't be told
 * from two given names: a form with two fields is better.
 */
export function readFullName(sent: string): Reading<FullName> {
  const text = cleanText(sent);
  if (NO_NAME.test(text) || !/\p{L}/u.test(text)) return blank(sent);
  const [before = [], ...behind] = withoutNicknames(text)
    .split(',')
    .map((part) => part.split(/\s/).filter((word) => /[\p{L}\p{N}&]/u.test(word)))
    .filter((part) => part.length > 0);
  const tail = behind.flat();
  const isReversed = !tail.every((word) => SUFFIX.test(word));
  const value = isReversed ? fromReversed(tail, withoutTitles(before)) : fromWords([...before, ...tail]);
  return { value, original: sent };
}

/** `John` of `John "Jack"`, `John (Jack)` and `"John"`. */
function withoutNicknames(text: string): string {
  return text.replace(/^(?:["“”„](.*?)["“”]|\((.*?)\))/u, '$1$2 ').replace(/["“”„].*?["“”]|\(.*?\)/gu, ' ');
}

function fromReversed(given: string[], surname: string[]): FullName | undefined {
  const suffix = given.find((word) => SUFFIX.test(word));
  return named(
    given.filter((word) => !SUFFIX.test(word) && !TITLE.test(word)),
    surname,
    suffix,
  );
}

function fromWords(all: string[]): FullName | undefined {
  const untitled = withoutTitles(all);
  const isSuffix = (word: string, i: number): boolean =>
    i > 0 && untitled.length > 2 && SUFFIX.test(word) && !(isInitial(word) && i < untitled.length - 1);
  const words = untitled.filter((word, i) => !isSuffix(word, i));
  const and = words.findIndex((word) => AND.test(word));
  const one = and > 0 ? firstOfTwo(words.slice(0, and), words.slice(and + 1)) : words;
  const surname = surnameOf(one);
  return named(one.slice(0, one.length - surname.length), surname, untitled.find(isSuffix));
}

/** The V of `John V. Doe`, which behind the surname is a suffix. */
const isInitial = (suffix: string): boolean => /^v/i.test(suffix);

/** `Dr. Jane`, `Mr. & Mrs. John`, `Mr and Jane`. The last word is no title. */
const withoutTitles = (words: string[]): string[] =>
  words.slice(words.findIndex((word, i) => !TITLE.test(word) && !(i > 0 && AND.test(word))));

/** `John and Jane Doe` are John Doe and Jane Doe; `John and Jane` have no surname. */
const firstOfTwo = (first: string[], second: string[]): string[] =>
  first.length > 1 ? first : [...first, ...surnameOf(second)];

/** The last word with the particles before it; none of one word. */
function surnameOf(words: string[]): string[] {
  let start = Math.max(1, words.length - 1);
  while (start > 1 && PARTICLE.test(words[start - 1] ?? '')) start -= 1;
  return words.slice(start);
}

/** @returns undefined if there is no first name */
function named(first: string[], last: string[], suffix: string | undefined): FullName | undefined {
  const { value } = readFirstName(first.join(' '));
  if (value === undefined) return undefined;
  return { first: value, last: readName(last.join(' ')).value, suffix: suffix?.replace(/\.$/, '') };
}
