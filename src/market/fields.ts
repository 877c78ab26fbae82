import { parsePhoneNumberFromString } from 'libphonenumber-js';
import {
  city,
  email,
  ip,
  jornayaLeadId,
  phone,
  state,
  time,
  trustedFormCert,
  webPage,
  zip,
  type Form,
} from './fieldForms.js';
import type { FieldValue } from './fields/reading.js';
import { stateCode } from './fields/state.js';

/** A field that every seller's leads may have: what it means, an example, and what form its value must have. */
export interface StandardField {
  about: string;
  example: string;
  form?: Form;
}

/** Every field that has a meaning of its own; whatever else a source sends is kept as a custom field. */
export const FIELDS: Readonly<Record<string, StandardField>> = {
  seller: { about: 'The seller’s code (recommended, never changes) or its slug', example: 'ACME1234' },
  category: {
    about: 'One of the seller’s campaigns; compared trimmed and without regard to case',
    example: 'Auto Insurance',
  },
  firstName: { about: 'The person’s first name', example: 'John' },
  lastName: { about: 'The person’s last name', example: 'Doe' },
  phone: { about: '7 to 15 digits, punctuation is free', example: '555-123-4567', form: phone },
  state: {
    about: 'US state, district or territory: its 2-letter code or its name',
    example: 'TX',
    form: state,
  },
  email: { about: 'E-mail address', example: 'john.doe@email.com', form: email },
  zip: { about: 'ZIP code, 5 or 9 digits', example: '75001', form: zip },
  city: { about: 'City', example: 'Dallas', form: city },
  subId: { about: 'Where the lead came from, in the source’s own words', example: 'spring-campaign' },
  subId2: { about: 'More of the same', example: 'ad-17' },
  subId3: { about: 'More of the same', example: 'keyword-4' },
  subId4: { about: 'More of the same', example: 'b' },
  subId5: { about: 'More of the same', example: '9' },
  landingPage: {
    about: 'Address of the page with the form',
    example: 'https://quotes.example/auto',
    form: webPage,
  },
  ip: { about: 'The person’s IP address', example: '203.0.113.9', form: ip },
  userAgent: {
    about: 'The person’s browser',
    example: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)',
  },
  tcpaText: {
    about: 'What the person agreed to, word for word',
    example: 'By clicking Get quotes I agree to be called about my request.',
  },
  consentAt: {
    about: 'When the person agreed: date and time with offset (ISO 8601)',
    example: '2026-11-24T14:33:05-06:00',
    form: time,
  },
  trustedFormCertUrl: {
    about: 'TrustedForm certificate',
    example: 'https://cert.trustedform.com/0a1b2c3d4e5f60718293a4b5c6d7e8f901234567',
    form: trustedFormCert,
  },
  jornayaLeadId: {
    about: 'Jornaya LeadiD token',
    example: '2D8A1F2C-6C1B-4B4E-9D0E-3F5A6B7C8D9E',
    form: jornayaLeadId,
  },
};

/** Always required. They say whose lead it is and are no fields of the person's. */
export const ADDRESSING = ['seller', 'category'] as const;

/** Required where the campaign does not say otherwise. */
export const REQUIRED_BY_DEFAULT: readonly string[] = ['firstName', 'lastName', 'phone', 'state'];

/** What is wrong with a field, in a few words that never repeat its value. */
export interface FieldFault {
  field: string;
  problem: string;
}

/** The problem of a required field that is absent or blank. */
export const MISSING = 'missing';

/** A lead's fields as they are stored, without `seller` and `category`. */
export interface LeadFields {
  /** By name: the normal form, or what was sent if it could not be read. */
  fields: Record<string, FieldValue>;
  /** Names of fields that could not be read: rules treat them as missing. */
  unread?: string[];
  /** By name: what was sent, if the stored value differs. */
  sent?: Record<string, FieldValue>;
  /** By name: what ops and the source should know of how a value was read. Never repeats a value. */
  notes?: Record<string, string>;
  state?: string;
  /** If the phone number parses; a US number unless it says otherwise. */
  phoneE164?: string;
}

/** A lead's fields as rules see them: without those that could not be read. */
export function readableFields({
  fields,
  unread = [],
}: Pick<LeadFields, 'fields' | 'unread'>): Record<string, FieldValue> {
  if (unread.length === 0) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !unread.includes(name)));
}

/** The value of a field that never has several; undefined if the field is absent. */
export function textOf(fields: Readonly<Record<string, FieldValue>>, name: string): string | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/**
 * Everything that is wrong with the fields: what the campaign requires and is not there, and values of the wrong form.
 * @param given names and trimmed values, blank ones left out
 */
export function fieldFaults(given: ReadonlyMap<string, string>, required: readonly string[]): FieldFault[] {
  const absent = [...ADDRESSING, ...required].filter((field) => !given.has(field));
  const malformed = [...given].flatMap(([field, value]) => {
    const problem = Object.hasOwn(FIELDS, field) ? FIELDS[field]?.form?.(value) : undefined;
    return problem === undefined ? [] : [{ field, problem }];
  });
  return [...new Set(absent)].map((field): FieldFault => ({ field, problem: MISSING })).concat(malformed);
}

/** The fields of a lead without faults, as they are stored. */
export function leadFields(given: ReadonlyMap<string, string>): LeadFields {
  const fields: Record<string, FieldValue> = Object.fromEntries(given);
  for (const name of ADDRESSING) Reflect.deleteProperty(fields, name);
  const state = stateCode(given.get('state') ?? '');
  if (state !== undefined) fields.state = state;
  const phone = given.get('phone');
  return { fields, state, phoneE164: phone === undefined ? undefined : e164(phone) };
}

function e164(phone: string): string | undefined {
  const number = parsePhoneNumberFromString(phone, 'US');
  return number?.isPossible() === true ? number.number : undefined;
}
