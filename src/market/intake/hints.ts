import { ADDRESSING, FIELDS, MISSING } from '../fields/standardFields.js';
import { cleanText } from '../fields/text.js';
import { editDistance } from '../nearest.js';
import { namesOf } from '../fields/aliases.js';
import { foldedName } from '../fields/fieldNames.js';
import type { Given } from './given.js';

/** The shortest word in which a typing error can be told from another word. */
const LEAST_LETTERS = 4;

/** The maximum number of typing errors in a name that still matches. */
const slipsAllowed = (name: string): number =>
  name.length < LEAST_LETTERS ? 0 : Math.max(1, Math.floor(name.length / 4));

/**
 * The problem of a required field that did not come; it names the field that was probably meant to be it.
 * @param others the fields that were sent and stand for no standard field
 */
export function missingProblem(field: string, others: Given): string {
  const wanted = [...namesOf(field), ...(ALSO_MEANT[field] ?? [])].map(foldedName);
  const around = [...others].find(
    ([, value]) => value.kind === 'object' && holds(JSON.parse(value.json), wanted),
  );
  if (around) return `${MISSING}; it was sent inside "${cleanText(around[0])}": send all fields side by side`;
  const near = [...others.keys()]
    .map((name) => ({ name, slips: slipsIn(name, wanted) }))
    .toSorted((a, b) => a.slips - b.slips)[0];
  if (near === undefined || near.slips === Infinity) return MISSING;
  return `${MISSING}; "${cleanText(near.name)}" was sent: did you mean ${field}?`;
}

/**
 * Names that often stand for a field but may mean something else, so they only give a hint: names for a seller and a
 * category in other APIs, and for personal fields in other languages of the United States.
 */
const ALSO_MEANT: Readonly<Record<string, readonly string[]>> = {
  seller: ['seller_id', 'seller_code', 'seller_name', 'seller_slug', 'account', 'account_id', 'client_id'],
  category: [
    ...['vertical', 'vertical_id', 'category_id', 'category_name', 'lead_category', 'lead_type', 'type'],
    ...['campaign', 'campaign_id', 'campaign_name', 'product', 'product_type', 'service', 'industry'],
  ],
  firstName: ['vorname', 'nombre', 'prenom'],
  lastName: ['nachname', 'apellido', 'apellidos', 'nom_de_famille'],
  phone: ['telefon', 'telefono', 'celular', 'handy', 'number'],
  state: ['estado', 'bundesland'],
  email: ['correo', 'correo_electronico', 'courriel'],
  zip: ['plz', 'codigo_postal', 'code_postal'],
  city: ['ciudad', 'stadt', 'ville'],
};

/** How deep an object is searched for a name. */
const DEEPEST = 4;

function holds(object: unknown, wanted: readonly string[], depth = 1): boolean {
  if (typeof object !== 'object' || object === null || depth > DEEPEST) return false;
  return Object.entries(object).some(
    ([name, value]) => wanted.includes(foldedName(name)) || holds(value, wanted, depth + 1),
  );
}

/**
 * Typing errors between a name and the nearest wanted one; the last part of a path (`fields.first_name`) must be
 * exact.
 */
function slipsIn(name: string, wanted: readonly string[]): number {
  const parts = name.split(/[.[\]:/]+/).filter((part) => part !== '');
  const last = parts.length > 1 ? foldedName(parts.at(-1) ?? '') : undefined;
  const ofPath = last !== undefined && wanted.includes(last) ? PATH_SLIPS : Infinity;
  return Math.min(ofPath, ...wanted.map((one) => slipsBetween(foldedName(name), one)));
}

/** A name that fits as a whole is likelier than the last part of a path. */
const PATH_SLIPS = 0.5;

function slipsBetween(name: string, wanted: string): number {
  const most = slipsAllowed(wanted);
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
