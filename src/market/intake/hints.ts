import { ADDRESSING, FIELDS, MISSING } from '../fields.js';
import { cleanText } from '../fields/text.js';
import { editDistance } from '../file/nearest.js';
import { namesOf } from './aliases.js';
import { foldedName } from './fieldNames.js';
import type { Given } from './given.js';

/** The shortest word that a slip can be told from another word in. */
const LEAST_LETTERS = 4;

/** How many slips a name may have to be taken for a mistyped one. */
const slipsIn = (name: string): number =>
  name.length < LEAST_LETTERS ? 0 : Math.max(1, Math.floor(name.length / 4));

/**
 * The problem of a required field that did not come; it names the field that was probably meant to be it.
 * @param others the fields that were sent and stand for no standard field
 */
export function missingProblem(field: string, others: Given): string {
  const wanted = namesOf(field).map(foldedName);
  const around = [...others].find(([, value]) => value.kind === 'object' && holds(value.json, wanted));
  if (around) return `${MISSING}; it was sent inside "${cleanText(around[0])}": send all fields side by side`;
  const near = [...others.keys()]
    .map((name) => ({ name, slips: Math.min(...wanted.map((one) => slipsBetween(foldedName(name), one))) }))
    .toSorted((a, b) => a.slips - b.slips)[0];
  if (near === undefined || near.slips === Infinity) return MISSING;
  return `${MISSING}; "${cleanText(near.name)}" was sent: did you mean ${field}?`;
}

const holds = (json: string, wanted: readonly string[]): boolean =>
  Object.keys(JSON.parse(json) as object).some((name) => wanted.includes(foldedName(name)));

function slipsBetween(name: string, wanted: string): number {
  const most = slipsIn(wanted);
  if (Math.abs(name.length - wanted.length) > most) return Infinity;
  const slips = editDistance(name, wanted);
  return slips <= most ? slips : Infinity;
}

const standardNames = Object.keys(FIELDS).filter((name) => !ADDRESSING.some((always) => always === name));
const digitsOf = (text: string): string => text.replace(/\D/g, '');

/** The standard field whose name is one slip away from a custom field's; a number behind it (`phone2`) is no slip. */
export function nearlyStandard(name: string): string | undefined {
  const folded = foldedName(name);
  return standardNames.find((standard) => {
    const wanted = foldedName(standard);
    if (wanted.length < LEAST_LETTERS || digitsOf(folded) !== digitsOf(wanted)) return false;
    return Math.abs(folded.length - wanted.length) <= 1 && editDistance(folded, wanted) === 1;
  });
}
