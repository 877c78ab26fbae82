import { AMOUNT, amountIn, UNIT } from './number.js';
import type { Reading } from './reading.js';
import { readTypedText } from './text.js';

/** The bounds of a range; one that is missing is open. */
export interface Bounds {
  min?: number;
  max?: number;
  /** The bound itself is not part of the range: `>750`, `<500`. */
  excluded?: boolean;
}

/** Words before and after a number, by their meaning. */
const AT_LEAST = String.raw`(?:at least|min(?:imum)?(?: of)?|from|no less than|not less than|>=|≥)`;
const OVER = String.raw`(?:over|above|more than|greater than|higher than|>)`;
const UNDER = String.raw`(?:under|below|less than|fewer than|lower than|<)`;
const UP_TO = String.raw`(?:up to|at most|max(?:imum)?(?: of)?|no more than|not more than|<=|≤)`;
const OR_MORE = String.raw`(?:\+|plus|(?:or|and|&) (?:more|above|over|higher|greater|better|up|older|later))`;
const OR_LESS = String.raw`(?:(?:or|and|&) (?:less|below|under|lower|fewer|younger|earlier))`;
const TO = String.raw`(?:\s*(?:-|–|—|−|~|\.\.)\s*|\s+(?:to|through|thru|and|until|up to)\s+)`;

const whole = (pattern: string): RegExp => new RegExp(`^${pattern}${UNIT}$`, 'i');
const number = `(${AMOUNT})`;

/** Each form with what it means; the first that fits counts. */
const FORMS: readonly [RegExp, (first: string, second: string) => string][] = [
  [whole(`${AT_LEAST}\\s*${number}`), (a) => `${a}..`],
  [whole(`${UP_TO}\\s*${number}`), (a) => `..${a}`],
  [whole(`${OVER}\\s*${number}`), (a) => `>${a}`],
  [whole(`${UNDER}\\s*${number}`), (a) => `<${a}`],
  [whole(`${number}${UNIT}\\s*${OR_MORE}`), (a) => `${a}..`],
  [whole(`${number}${UNIT}\\s*${OR_LESS}`), (a) => `..${a}`],
  [whole(`${number}\\.\\.`), (a) => `${a}..`],
  [whole(`\\.\\.${number}`), (a) => `..${a}`],
  [whole(`(?:between |from )?${number}${UNIT}${TO}${number}`), (a, b) => `${a}..${b}`],
  [whole(number), (a) => `${a}..${a}`],
];

/**
 * A range of numbers as forms offer it. The normal form names both bounds: `700..749`, `720..` (and more), `..500` (and
 * less), `>750` and `<500` without the bound itself; a plain number is a range of one, `712..712`.
 */
export const readRange = (sent: string): Reading =>
  readTypedText(sent, 'not a range of numbers', (given) => {
    const text = given.replace(/\s+/g, ' ');
    return rangeIn(text) ?? rangeIn(unlabelled(text));
  });

/** The range beside a label: `Excellent (720+)`, `640-679 (Fair)`, `Fair: 640-679`. */
const unlabelled = (text: string): string =>
  (
    /^[^\d()[\]]*[([]([^()[\]]+)[)\]]$/.exec(text) ??
    /^(.*\S)\s*[([][^\d()[\]]*[)\]]$/.exec(text) ??
    /^[^\d:]*[a-z]\s*:\s*(.+)$/i.exec(text)
  )?.[1]?.trim() ?? '';

function rangeIn(text: string): Omit<Reading, 'original'> | undefined {
  for (const [form, write] of FORMS) {
    const match = form.exec(text);
    if (match === null) continue;
    const [, first = '', second] = match;
    if (second === undefined) {
      const amount = amountIn(first);
      return amount === undefined ? undefined : { value: write(amount, amount) };
    }
    return between(first, second, write);
  }
  return undefined;
}

function between(
  first: string,
  second: string,
  write: (first: string, second: string) => string,
): Omit<Reading, 'original'> | undefined {
  // "50-75k" is 50 to 75 thousand.
  const [, factor = ''] = /(k|m|thousand|million)\s*$/i.exec(second) ?? [];
  const isShared = factor !== '' && !/[a-z]\s*$/i.test(first);
  const [a, b] = [amountIn(isShared ? first.trim() + factor : first), amountIn(second)];
  if (a === undefined || b === undefined) return undefined;
  if (Number(a) > Number(b)) return { value: write(b, a), note: 'the bounds came the wrong way round' };
  return { value: write(a, b), note: isShared ? 'the factor of the upper bound counts for both' : undefined };
}

/** The bounds of a range in normal form. */
export function boundsOf(normal: string): Bounds {
  const side = normal[0];
  if (side === '>') return { min: Number(normal.slice(1)), excluded: true };
  if (side === '<') return { max: Number(normal.slice(1)), excluded: true };
  const [min = '', max = ''] = normal.split('..');
  return { min: min === '' ? undefined : Number(min), max: max === '' ? undefined : Number(max) };
}
