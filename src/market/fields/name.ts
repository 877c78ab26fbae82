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
const TITLE = /^(?:mr|mrs|ms|miss|mx|dr|prof|rev|hon|sir|madam|capt|sgt|lt|col|fr)\.?$/i;
const SUFFIX = /^(?:jr|sr|ii|iii|iv|v|esq|md|phd|dds|cpa)\.?$/i;
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

const inOneCase = (text: string): boolean =>
  (text === text.toUpperCase() || text === text.toLowerCase()) && text.toUpperCase() !== text.toLowerCase();

function capitalised(text: string): string {
  const words = text.split(' ');
  return words
    .map((word, i) => {
      if (ROMAN.test(word) && i > 0) return word.toUpperCase();
      if (i < words.length - 1 && PARTICLE.test(word) && !/^st|^san/i.test(word)) return word.toLowerCase();
      return word.split('-').map(capitalisedPart).join('-');
    })
    .join(' ');
}

/** `O'Brien`, `McDonald`; `Macdonald` and `MacDonald` can't be told apart. Initials (`J.P.`, `J`) stay capitals. */
function capitalisedPart(part: string): string {
  if (/^(?:\p{L}\.)+\p{L}?$/u.test(part)) return part.toUpperCase();
  return part
    .toLowerCase()
    .replace(/^(\P{L}*)(\p{L})/u, raiseSecond)
    .replace(/^(\P{L}*\p{L}['’])(\p{L})/u, raiseSecond)
    .replace(/^(\P{L}*Mc)(\p{L})/u, raiseSecond)
    .normalize('NFC');
}

const raiseSecond = (_all: string, before: string, letter: string): string => before + capital(letter);

/** The capital of a letter, if it is one letter too: that of `ﬁ` is not. */
function capital(letter: string): string {
  const upper = letter.toUpperCase();
  return upper.toLowerCase() === letter && upper.normalize('NFC') === upper && upper.length === letter.length
    ? upper
    : letter;
}

/** Words of programs that are no name at all, as the whole value. */
const NO_NAME = /^(?:undefined|\[object \w+\]|\{\{.*\}\}|<test lead:.*>|n\/?a|-+)$/i;

/**
 * A whole name in one field, taken apart: the last word is the surname, with the particles before it; `Doe, John` is the
 * other way round. Titles and nicknames are left out, and of two people the first counts. Two surnames can't be told
 * from two given names: a form with two fields is better.
 */
export function readFullName(sent: string): Reading<FullName> {
  const text = cleanText(sent).replace(/\s+/g, ' ');
  if (text === '' || NO_NAME.test(text) || !/\p{L}/u.test(text)) return blank(sent);
  const plain = text.replace(/\s*(?:["“”„].*?["“”]|\(.*?\))\s*/gu, ' ').trim();
  const [before = '', ...behind] = plain.split(/\s*,\s*/);
  const tail = behind.flatMap((part) => part.split(' ')).filter((word) => word !== '');
  const isReversed = tail.length > 0 && !tail.every((word) => SUFFIX.test(word));
  const words = isReversed ? [...tail, ...before.split(' ')] : [...before.split(' '), ...tail];
  const value = isReversed ? fromReversed(tail, before) : fromWords(words);
  return value === undefined ? blank(sent) : { value, original: sent };
}

function fromReversed(given: string[], surname: string): FullName | undefined {
  const suffix = given.filter((word) => SUFFIX.test(word));
  const first = given.filter((word) => !SUFFIX.test(word) && !TITLE.test(word)).join(' ');
  return first === '' ? undefined : named(first, surname, suffix[0]);
}

function fromWords(all: string[]): FullName | undefined {
  const untitled = withoutTitles(all);
  const suffix = untitled.length > 2 ? untitled.filter((word, i) => i > 0 && SUFFIX.test(word)) : [];
  const words = untitled.filter((word) => !suffix.includes(word));
  const and = words.findIndex((word) => /^(?:and|&|or)$/i.test(word));
  const one = and > 0 ? firstOfTwo(words, and) : words;
  if (one.length === 0) return undefined;
  if (one.length === 1) return { first: firstNameText(one[0] ?? '') };
  let start = one.length - 1;
  while (start > 1 && PARTICLE.test(one[start - 1] ?? '')) start -= 1;
  return named(one.slice(0, start).join(' '), one.slice(start).join(' '), suffix[0]);
}

/** `Dr. Jane`, `Mr. & Mrs. John` */
function withoutTitles(words: string[]): string[] {
  const isTitle = (word: string | undefined): boolean => word !== undefined && TITLE.test(word);
  const start = words.findIndex(
    (word, i) =>
      !isTitle(word) && !(/^(?:and|&)$/i.test(word) && isTitle(words[i - 1]) && isTitle(words[i + 1])),
  );
  return start > 0 && words.length - start > 0 ? words.slice(start) : words;
}

/** `John and Jane Doe` are John Doe and Jane Doe. */
function firstOfTwo(words: string[], and: number): string[] {
  const first = words.slice(0, and);
  return first.length > 1 ? first : [...first, ...words.slice(-1)];
}

function named(first: string, last: string, suffix: string | undefined): FullName {
  return { first: firstNameText(first), last: nameText(last), suffix: suffix?.replace(/\.$/, '') };
}

const firstNameText = (text: string): string => readFirstName(text).value ?? text;
const nameText = (text: string): string => readName(text).value ?? text;
