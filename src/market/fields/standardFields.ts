import { readEmail, type EmailOptions } from './email.js';
import { readFirstName, readName } from './name.js';
import { readPhone } from './phone.js';
import type { FieldValue, Reading } from './reading.js';
import { readState } from './state.js';
import { cleanText, readCustom, readText, readTypedText } from './text.js';
import { readTime } from './time.js';
import { readIp, readUrl } from './web.js';
import { readZip } from './zip.js';

/** A field that every seller's leads may have: what it means, an example, and how its value is read. */
export interface StandardField {
  about: string;
  example: string;
  read: (sent: string, options: ReadOptions) => Reading;
}

/** How a value was sent. */
export type ReadOptions = EmailOptions;

const plain = (sent: string): Reading => readText(sent);

/** A city's name has a letter; it is free text otherwise. */
function readCity(sent: string): Reading {
  const text = cleanText(sent);
  if (text === '') return { original: sent };
  return /\p{L}/u.test(text)
    ? { value: text, original: sent }
    : { original: sent, note: 'not the name of a city; kept as sent' };
}

const readTrustedFormCert = (sent: string): Reading =>
  readTypedText(sent, 'not a certificate address (https://cert.trustedform.com/…)', (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const isCert = url?.protocol === 'https:' && url.host === 'cert.trustedform.com';
    return isCert && url.pathname.length > 1 ? text : undefined;
  });

const LEADID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const readJornayaLeadId = (sent: string): Reading =>
  readTypedText(sent, 'not a LeadiD token (8-4-4-4-12 hexadecimal digits)', (text) =>
    LEADID.test(text) ? text : undefined,
  );

const LOST_PLUS = 'a space was read as a plus sign; encode a plus sign as %2B';

function readEmailOf(sent: string, options: ReadOptions): Reading {
  const reading = readEmail(sent, options);
  if (options.plusWasSpace !== true || /[+]|%2b/i.test(sent) || !/\S \S/.test(sent.trim())) return reading;
  if (reading.value === undefined && reading.note !== undefined)
    return { ...reading, note: `${reading.note}; encode a plus sign as %2B` };
  return reading.value?.includes('+') === true ? { ...reading, note: LOST_PLUS } : reading;
}

/** Every field that has a meaning of its own; whatever else a source sends is kept as a custom field. */
export const FIELDS: Readonly<Record<string, StandardField>> = {
  seller: {
    about: 'The seller’s code (recommended, never changes) or its slug',
    example: 'ACME1234',
    read: plain,
  },
  category: {
    about: 'Category of one of the seller’s campaigns; case and outer spaces don’t matter',
    example: 'Auto Insurance',
    read: plain,
  },
  firstName: { about: 'The person’s first name', example: 'John', read: readFirstName },
  lastName: { about: 'The person’s last name', example: 'Doe', read: readName },
  phone: {
    about: 'Phone number of 7 to 15 digits in any format; a US number unless it has a country code',
    example: '555-123-4567',
    read: (sent) => readPhone(sent),
  },
  phoneExtension: {
    about: 'Extension of the phone number, if it is not part of `phone`',
    example: '89',
    read: readCustom,
  },
  state: {
    about: 'US state, district, territory or military state: its 2-letter code or its name',
    example: 'TX',
    read: readState,
  },
  email: { about: 'E-mail address', example: 'john.doe@email.com', read: readEmailOf },
  zip: { about: 'ZIP code, 5 or 9 digits', example: '75001', read: readZip },
  city: { about: 'City', example: 'Dallas', read: readCity },
  subId: {
    about: 'Tracking id of the source, such as a campaign',
    example: 'spring-campaign',
    read: readCustom,
  },
  subId2: { about: 'Further tracking id', example: 'ad-17', read: readCustom },
  subId3: { about: 'Further tracking id', example: 'keyword-4', read: readCustom },
  subId4: { about: 'Further tracking id', example: 'b', read: readCustom },
  subId5: { about: 'Further tracking id', example: '9', read: readCustom },
  landingPage: {
    about: 'Address of the page with the form',
    example: 'https://quotes.example/auto',
    read: readUrl,
  },
  ip: { about: 'The person’s IP address', example: '203.0.113.9', read: readIp },
  userAgent: {
    about: 'User agent of the person’s browser',
    example: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)',
    read: readCustom,
  },
  tcpaText: {
    about: 'Text that the person consented to, verbatim',
    example: 'By clicking Get quotes I agree to be called about my request.',
    read: plain,
  },
  consentAt: {
    about: 'Time of the consent: date and time with offset (ISO 8601)',
    example: '2026-11-24T14:33:05-06:00',
    read: (sent) => readTime(sent),
  },
  trustedFormCertUrl: {
    about: 'TrustedForm certificate',
    example: 'https://cert.trustedform.com/0a1b2c3d4e5f60718293a4b5c6d7e8f901234567',
    read: readTrustedFormCert,
  },
  jornayaLeadId: {
    about: 'Jornaya LeadiD token',
    example: '2D8A1F2C-6C1B-4B4E-9D0E-3F5A6B7C8D9E',
    read: readJornayaLeadId,
  },
};

/** A standard field by its name; undefined for a custom one. */
export const standardField = (name: string): StandardField | undefined =>
  Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;

/** Always required. They identify the campaign and are not fields of the person. */
export const ADDRESSING = ['seller', 'category'] as const;

/** Required unless the campaign says otherwise. */
export const REQUIRED_BY_DEFAULT: readonly string[] = ['firstName', 'lastName', 'phone', 'state'];

/** Buyers receive these word for word: they prove what the person agreed to. */
export const PROOFS: readonly string[] = [
  'tcpaText',
  'consentAt',
  'trustedFormCertUrl',
  'jornayaLeadId',
  'userAgent',
];

/** The problem of a field, in a few words that never repeat its value. */
export interface FieldFault {
  field: string;
  problem: string;
}

/** The problem of a required field that is absent or blank, or the start of it. */
export const MISSING = 'missing';

export const isMissing = ({ problem }: FieldFault): boolean => problem.startsWith(MISSING);

/** A lead's fields as they are stored, without `seller` and `category`. */
export interface LeadFields {
  /** By name: the normal form, or what was sent if it could not be read. */
  fields: Record<string, FieldValue>;
  /** Names of fields that could not be read: rules treat them as missing. */
  unread?: string[];
  /** By name: what was sent, if the stored value differs. */
  sent?: Record<string, FieldValue>;
  /** By name: remarks for ops on how a value was read. They never repeat a value. */
  notes?: Record<string, string>;
  /** Two-letter code. */
  state?: string;
  /** If the phone number could be read. */
  phoneE164?: string;
}

/** A lead's fields as rules and pings see them: without unreadable ones. */
export function readableFields({
  fields,
  unread = [],
}: Pick<LeadFields, 'fields' | 'unread'>): Record<string, FieldValue> {
  if (unread.length === 0) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !unread.includes(name)));
}

/** A lead's fields as its buyer receives them: normal forms, and proofs of consent as they were sent. */
export function postedFields({
  fields,
  sent = {},
}: Pick<LeadFields, 'fields' | 'sent'>): Record<string, FieldValue> {
  const proofs = Object.entries(sent).filter(([name]) => PROOFS.includes(name));
  return proofs.length === 0 ? fields : { ...fields, ...Object.fromEntries(proofs) };
}

/** The value of a field that never has several; undefined if the field is absent. */
export function textOf(fields: Readonly<Record<string, FieldValue>>, name: string): string | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}
