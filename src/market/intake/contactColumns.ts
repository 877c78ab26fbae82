import { typedText } from '../fields/text.js';
import { isPlaceholder, personKeys, type Contact } from '../fields/personKeys.js';

/**
 * The content of a column: phone numbers, e-mail addresses, both mixed, or the two parts of a phone number (the FTC's
 * Do Not Call file has `214,5551234`).
 */
export type ColumnRole = 'phone' | 'email' | 'either' | 'areaCode' | 'localNumber';

export interface Column {
  /** By the header of the file, if it has one. */
  name?: string;
  /** Absent: the column is not read. */
  role?: ColumnRole;
}

/** How a list of contacts is laid out. */
export interface Layout {
  /** Rows before the first contact: titles, and the names of the columns. */
  headerRows: number;
  columns: Column[];
}

/** This many rows show what the columns hold. */
export const SAMPLE_ROWS = 200;

/**
 * Finds the columns with phones and e-mails, by the names in the header if they say so, else by the values. `layout` is
 * undefined if no column has either; `columns` names them all the same, for the message.
 */
export function readLayout(sample: readonly string[][]): { layout?: Layout; columns: Column[] } {
  const headerRows = countHeaderRows(sample);
  const header = sample[headerRows - 1] ?? [];
  const rows = sample.slice(headerRows);
  const width = [header, ...rows].reduce((most, { length }) => Math.max(most, length), 0);
  const values = Array.from({ length: width }, (_, i) => rows.flatMap((row) => filled(row[i])));
  const columns = values.map((some, i): Column => {
    const name = filled(header[i])[0];
    const named = name === undefined ? undefined : roleByName(name);
    if (named === 'other') return { name };
    return { name, role: named ?? roleByValues(some, { isOnly: width === 1 }) };
  });
  const paired = pairAreaCodes(columns, values);
  const isUsable = paired.some(({ role }) => role !== undefined);
  return { layout: isUsable ? { headerRows, columns: paired } : undefined, columns };
}

/** The text of a cell, or nothing if it is blank or says so (`n/a`). */
const filled = (cell = ''): string[] => (typedText(cell) === '' ? [] : [cell.trim()]);

/** Titles and comments may come before the header. */
const FURTHEST_HEADER = 20;

function countHeaderRows(sample: readonly string[][]): number {
  const named = sample
    .slice(0, FURTHEST_HEADER)
    .findIndex((row) => row.some(isColumnName) && !row.some(isContact));
  if (named >= 0) return named + 1;
  const cells = (sample[0] ?? []).flatMap(filled);
  const isWords = (cell: string): boolean => /\p{L}/u.test(cell) && !/@|\(at\)|\d{3}/i.test(cell);
  return cells.length > 0 && cells.every(isWords) ? 1 : 0;
}

const isColumnName = (cell: string): boolean => {
  const role = roleByName(cell);
  return role !== undefined && role !== 'other';
};

const isContact = (cell: string): boolean =>
  personKeys({ phone: cell, email: cell }).email !== undefined || hasNumber(cell);

const hasNumber = (cell: string): boolean => personKeys({ phone: cell }).phone?.startsWith('+') === true;

const PHONE_WORDS =
  /^(?:tele)?phones?$|^(?:tel|mobile|mobil|cell|cellular|cellphone|landline|msisdn|telefono?|celular)$/;
const EMAIL_WORDS = /^e?mails?$|^(?:emailaddress|correo)$/;
/** Words that say that a column is about a phone or an e-mail, or about something else with many digits. */
const OTHER_WORDS =
  /^(?:type|status|carrier|provider|consent|permission|date|time|timestamp|created|updated|modified|epoch|unix|ts|at|on|verified|valid|validated|opt|optin|optout|in|out|flag|ext|extension|country|id|ids|uuid|source|sent|opened|bounced?|clicked|label|display|name|code|reason|notes?|comments?|hash|hashed|md|sha|count|score|campaign|subscribed|unsubscribed|preference|account|acct|order|invoice|customer|policy|ssn|zip|postal|postcode|fax|amount|price|ref|reference|ip|age|year)$/;

/** `Mobile Phone Number`, `phone_1`, `E-mail Address`, `AreaCode`; `other` says that it is neither, undefined nothing. */
function roleByName(name: string): ColumnRole | 'other' | undefined {
  if (name.length > 60) return undefined;
  const words = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .replace(/\be-mail/g, 'email')
    .split(/[^a-z0-9]+|(?<=[a-z])(?=\d)/)
    .filter((word) => word !== '');
  const text = words.join(' ');
  if (/^(?:phone )?(?:area ?code|npa)$/.test(text)) return 'areaCode';
  if (text === 'email id') return 'email';
  if (words.some((word) => OTHER_WORDS.test(word))) return 'other';
  const [isPhone, isEmail] = [PHONE_WORDS, EMAIL_WORDS].map((known) =>
    words.some((word) => known.test(word)),
  );
  if (isPhone && isEmail) return 'either';
  return isPhone ? 'phone' : isEmail ? 'email' : undefined;
}

const most = (values: readonly string[], test: (value: string) => boolean): boolean =>
  values.filter(test).length > values.length / 2;

/** @param isOnly there is no other column, so whatever stands there is meant as a contact */
function roleByValues(values: readonly string[], { isOnly }: { isOnly: boolean }): ColumnRole | undefined {
  if (isOnly) return values.some(isContact) ? 'either' : undefined;
  if (most(values, hasNumber)) return 'phone';
  if (most(values, (value) => value.includes('@') && isContact(value))) return 'email';
  return most(values, isContact) ? 'either' : undefined;
}

const isAreaCode = (value: string): boolean => /^\(?[2-9]\d\d\)?$/.test(value);
const isLocalNumber = (value: string): boolean => /^\d{3}[-. ]?\d{4}$/.test(value);

/** An area code counts only beside the rest of the number, and the rest only beside its area code. */
function pairAreaCodes(columns: readonly Column[], values: readonly string[][]): Column[] {
  const isPair = ({ name, role }: Column, i: number): boolean => {
    const [codes = [], rest = []] = [values[i], values[i + 1]];
    if (role === 'areaCode') return rest.some(isLocalNumber);
    const isFree = role === undefined && (name === undefined || roleByName(name) !== 'other');
    return isFree && most(codes, isAreaCode) && most(rest, isLocalNumber);
  };
  const first = columns.findIndex(isPair);
  return columns.map(({ name, role }, i): Column => {
    if (i === first) return { name, role: 'areaCode' };
    if (first >= 0 && i === first + 1) return { name, role: 'localNumber' };
    return { name, role: role === 'areaCode' ? undefined : role };
  });
}

/** A phone number or e-mail address of a row, or its problem. */
export type Entry = { contact: Contact; isCertain: boolean } | { problem: string };

/** Every contact of a row. */
export function entriesOf(row: readonly string[], { columns }: Layout): Entry[] {
  const entries = columns.flatMap(({ role }, i) => {
    const [cell] = filled(row[i]);
    if (role === undefined || role === 'areaCode' || cell === undefined) return [];
    if (role === 'either' && !/@|\d{7}/.test(cell.replace(/[\s().+-]/g, ''))) return [NEITHER];
    const isEmail = role === 'email' || (role === 'either' && cell.includes('@'));
    if (isEmail) return each(cell).map(emailEntry);
    const [areaCode = ''] = role === 'localNumber' ? filled(row[i - 1]) : [];
    return isLocalNumber(cell) ? [phoneEntry(areaCode + cell)] : each(cell).map(phoneEntry);
  });
  return entries.length > 0 ? entries : [NEITHER];
}

const PLACEHOLDER: Entry = { problem: 'a placeholder that many persons share' };
const NEITHER: Entry = { problem: 'neither a phone number nor an e-mail address' };

/** A cell may hold several, of which each is meant: `214-555-0187; 972-555-0121`. */
function each(cell: string): string[] {
  const parts = cell.split(/\s*(?:[;|\n]|:{3}|,(?!,)|\s\/\s|\bor\b|\band\b)\s*/i);
  const contacts = parts.length > 1 ? parts.filter(isContact) : [];
  return contacts.length > 1 ? contacts : [cell];
}

function phoneEntry(phone: string): Entry {
  if (isPlaceholder({ phone })) return PLACEHOLDER;
  const key = personKeys({ phone }).phone;
  if (key === undefined) return { problem: 'not a phone number of 7 to 15 digits' };
  return { contact: { phone }, isCertain: key.startsWith('+') };
}

/** A person is found by whatever a source sent as an address; on a list, `bob@` is a slip. */
const HAS_BOTH_PARTS = /[^\s@]@[^\s@]/;

function emailEntry(email: string): Entry {
  if (isPlaceholder({ email })) return PLACEHOLDER;
  const key = personKeys({ email }).email;
  if (key === undefined || !HAS_BOTH_PARTS.test(key)) return { problem: 'not an e-mail address' };
  return { contact: { email }, isCertain: true };
}
