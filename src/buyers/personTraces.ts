import type { FieldValue } from '../market/fields/reading.js';
import { foldings, isAscii } from './foldText.js';

/** The fields of a lead that its person is recognised by. */
export interface LeadOfPerson {
  fields: Readonly<Record<string, FieldValue>>;
  /** As the source sent them, if the stored values differ. */
  sent?: Readonly<Record<string, FieldValue>>;
  phoneE164?: string;
}

/** Text that identifies a person. Letters and digits are folded, without anything between them. */
export interface Traces {
  /** As a whole word. */
  words: Set<string>;
  /** Within a word. */
  inWord: string[];
  /** Anywhere, ignoring characters between the letters. */
  inLetters: string[];
  /** Anywhere, ignoring characters between the letters and digits. */
  inAll: string[];
  /** Anywhere, ignoring characters between the digits. */
  inDigits: string[];
  /** Two words that identify nobody alone: a house number and a street, a street and a city. */
  together: [string, string][];
  births: BirthDate[];
  /** E-mail addresses and phone numbers in the forms that are hashed for matching. */
  hashed: Set<string>;
}

export interface BirthDate {
  year: number;
  month: number;
  day: number;
}

/** The names of fields with identifying values, by kind: letters only, in lower case. */
const KINDS = {
  name: /^(?!.*(?:company|business|campaign|page|form|file|host|domain|event|site|brand|product|plan|source|street|city|county|state|country|list|set|ad)name).*name$|^(?:surname|initials|spouse|applicant|contact|owner)$/,
  phone: /phone|mobile|^cell|cell$|^tel|fax|whatsapp|^sms/,
  street: /street|address|addr(?:ess)?line/,
  birth: /birth|dob$|^dob|bday/,
  identifier:
    /^ssn|ssn$|socialsecurity|passport|licen[cs]e|nationalid|taxid|^itin|^vin$|policynumber|accountnumber|iban|medicare/,
  zip: /zip|postal|postcode/,
  city: /^(?:city|town)$/,
  ip: /^ip$|ipaddress/,
} as const;

const NOT_A_STREET = /mail|^ip|^mac|web|site|url|page/;

/** Shorter traces would match within other words by chance; in ASCII letters. */
const SHORT = 5;

/** Longer values are texts of the source, such as consent, and no names or addresses. */
const LONGEST_VALUE = 500;

/** The digits of a phone number without country and area code, which may be omitted. */
const LOCAL_NUMBER = 7;

/** Particles and titles in names. */
const PARTICLES = new Set(
  'a al am an and bin da das de del della den der des di dos du el en ibn la las le les los mac mc of st ste te ten ter the van vom von y zu zum zur mr mrs ms miss dr prof sir jr sr ii iii iv phd md'.split(
    ' ',
  ),
);

const STREET_WORDS = new Set(
  'street str st nd rd th avenue ave av road boulevard blvd drive dr lane ln court ct circle cir place pl terrace ter trail trl parkway pkwy highway hwy way square sq loop run apartment apt unit suite ste floor fl room rm building bldg number no north south east west ne nw se sw the of and'.split(
    ' ',
  ),
);

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH_NAME =
  /(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|tember|t|ober|ember)?/g;

/** Replaces names of months by numbers; the text is folded. */
export const withMonthNumbers = (text: string): string =>
  text.replace(MONTH_NAME, (_, month: string) => ` ${MONTHS.indexOf(month) + 1} `);

const DENSE = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/gu;

/** In scripts whose names have one to three letters, each counts as three ASCII letters. */
export const weightOf = (word: string): number =>
  isAscii(word) ? word.length : word.length + 2 * (word.match(DENSE)?.length ?? 0);

const digitsOf = (text: string): string => text.replace(/\D+/g, '');
const lettersAndDigitsOf = (text: string): string => text.replace(/[^\p{L}\d]+/gu, '');
/** Runs of letters and runs of digits. */
export const wordsOf = (text: string): string[] =>
  text.match(isAscii(text) ? /[a-z]+|\d+/gi : /\p{L}+|\d+/gu) ?? [];

/** The traces of a lead's person. */
export function findTraces({ fields, sent = {}, phoneE164 }: LeadOfPerson): Traces {
  const traces: Traces = {
    words: new Set(),
    inWord: [],
    inLetters: [],
    inAll: [],
    inDigits: [],
    together: [],
    births: [],
    hashed: new Set(),
  };
  const all = [...Object.entries(fields), ...Object.entries(sent)].flatMap(([name, value]) =>
    [value]
      .flat()
      .filter((text) => text.length <= LONGEST_VALUE)
      .map((text): [string, string] => [name.toLowerCase().replace(/[^a-z]/g, ''), text]),
  );
  const valuesOf = (kind: keyof typeof KINDS): string[] =>
    all.flatMap(([name, text]) => (KINDS[kind].test(name) ? [text] : []));

  addNames(traces, valuesOf('name'));
  for (const [, text] of all) if (text.includes('@')) addEmail(traces, text);
  for (const phone of [...valuesOf('phone'), phoneE164 ?? '']) addPhone(traces, phone);
  const streets = all.flatMap(([name, text]) =>
    KINDS.street.test(name) && !NOT_A_STREET.test(name) ? [text] : [],
  );
  const cities = valuesOf('city').flatMap((city) => foldings(city).flatMap(wordsOf));
  for (const street of streets) for (const text of foldings(street)) addStreet(traces, text, cities);
  traces.births = valuesOf('birth').flatMap((text) => birthDates(foldings(text)[0] ?? ''));
  for (const zip of valuesOf('zip').map(digitsOf)) if (zip.length === 9) traces.inDigits.push(zip);
  for (const text of [...valuesOf('identifier'), ...valuesOf('ip')])
    for (const one of foldings(text).map(lettersAndDigitsOf)) if (one.length >= SHORT) traces.inAll.push(one);
  return traces;
}

/** Each name, two joined in either order, and one joined with the first one or two letters of another. */
function addNames(traces: Traces, values: string[]): void {
  const parts = new Set(values.slice(0, 8).flatMap((value) => foldings(value).flatMap(partsOfName)));
  const names = [...parts].slice(0, 24);
  for (const one of names) {
    traces.words.add(one);
    if (weightOf(one) >= SHORT) traces.inWord.push(one);
    for (const other of names) {
      if (one === other) continue;
      const joined = one + other;
      if (weightOf(joined) >= SHORT) traces.inLetters.push(joined);
      else traces.words.add(joined);
      for (const start of [other.slice(0, 1), other.slice(0, 2)])
        for (const short of [start + one, one + start]) if (short.length >= 3) traces.words.add(short);
    }
  }
}

function partsOfName(value: string): string[] {
  const words = (value.match(/\p{L}+/gu) ?? []).slice(0, 8);
  const real = words.filter((word) => !PARTICLES.has(word) && weightOf(word) >= 2);
  const whole = words.join('');
  return [...real, ...(words.length > 1 || real.length === 0 ? [whole] : [])].filter(
    (word) => weightOf(word) >= 2,
  );
}

function addEmail(traces: Traces, text: string): void {
  for (const address of text.match(/[^\s@,;<>"]+@[^\s@,;<>"]+/g) ?? []) {
    for (const form of foldings(address)) {
      const [local = '', host = ''] = form.split('@');
      traces.inAll.push(lettersAndDigitsOf(local + host));
      for (const one of [local, local.replace(/\+.*$/, '')].map(lettersAndDigitsOf)) {
        if (one.length >= SHORT) traces.inAll.push(one);
        else if (one.length >= 3) traces.words.add(one);
      }
    }
    for (const form of [address, address.toLowerCase()]) traces.hashed.add(form);
  }
}

function addPhone(traces: Traces, text: string): void {
  const withoutExtension = text.replace(/(?:\bext|\bx|#|;|,,).*$/i, '');
  for (const digits of [text, withoutExtension].flatMap(foldings).map(digitsOf)) {
    if (digits.length < LOCAL_NUMBER) continue;
    traces.inDigits.push(digits.slice(-LOCAL_NUMBER));
    const national = digits.slice(-10);
    for (const form of [digits, `+${digits}`, national, `1${national}`, `+1${national}`])
      traces.hashed.add(form);
  }
}

function addStreet(traces: Traces, street: string, cities: string[]): void {
  const words = wordsOf(street);
  const whole = words.join('');
  if (whole.length >= SHORT && /\d/.test(whole)) traces.inAll.push(whole);
  const names = words.filter((word) => /\p{L}/u.test(word) && word.length >= 2 && !STREET_WORDS.has(word));
  const at = words.findIndex((word) => /^\d/.test(word));
  const house = words[at];
  // The name in "123 5th Avenue" is a number.
  const [name = words.find((word, i) => i > at && /^\d/.test(word))] = names;
  if (name === undefined) return;
  if (house !== undefined) {
    traces.together.push([house, name]);
    for (const one of [house + name, name + house]) if (one.length >= SHORT) traces.inAll.push(one);
  }
  const i = words.indexOf(name);
  const kind = words.slice(i + 1).find((word) => STREET_WORDS.has(word));
  if (weightOf(name) < 3) return;
  for (const word of [kind, ...cities])
    if (word !== undefined && word !== name && word.length >= 2) traces.together.push([name, word]);
  if (kind !== undefined && (name + kind).length > SHORT) traces.inLetters.push(name + kind);
}

/** The dates that a text may mean: both orders if day and month are below 13. */
function birthDates(text: string): BirthDate[] {
  const numbers = withMonthNumbers(text)
    .replace(/^(\d{4})(\d\d)(\d\d)$/, '$1 $2 $3')
    .replace(/^(\d\d)(\d\d)(\d{4})$/, '$1 $2 $3')
    .match(/\d+/g)
    ?.map(Number);
  const [a, b, c] = numbers ?? [];
  if (a === undefined || b === undefined || c === undefined) return [];
  return a > 31 ? datesOf(a, b, c) : datesOf(c, a, b);
}

function datesOf(year: number, one: number, other: number): BirthDate[] {
  const orders: [number, number][] = [
    [one, other],
    [other, one],
  ];
  return orders.flatMap(([month, day]) =>
    month >= 1 && month <= 12 && day >= 1 && day <= 31 ? [{ year: fullYear(year), month, day }] : [],
  );
}

const fullYear = (year: number): number => (year > 99 ? year : year > 30 ? 1900 + year : 2000 + year);
