import type { DateHints } from '../fields/date.js';

/** How a value is read. Each kind has a normal form, as the fields of a lead have. */
export const KINDS = [
  'phone',
  'state',
  'zip',
  'email',
  'boolean',
  'number',
  'money',
  'range',
  'date',
  'birthDate',
  'time',
  'ip',
  'url',
  'name',
  'html',
  'list',
] as const;
export type Kind = (typeof KINDS)[number];

/** Parts of a value: of a full name, a phone number, a ZIP code, a range, a time. */
export const PARTS = [
  'first',
  'last',
  'suffix',
  'area',
  'extension',
  'zip5',
  'plus4',
  'min',
  'max',
  'date',
] as const;
export type Part = (typeof PARTS)[number];

/** What happens to a value that a lookup does not list, or that `as` can't read; any other text replaces it. */
export const ELSE = ['keep', 'drop', 'refuse'] as const;

/** Whether a value of the document is so. Several paths: the first that is not blank. */
export interface Condition {
  from: readonly string[];
  /** One of these; `true` and `false` are compared as yes and no. */
  is?: readonly (string | boolean)[];
  /** Whether there is a value that is not blank. */
  exists?: boolean;
}

/** Where the value of a lead's field comes from, and what is done with it, in the order of these keys. */
export interface FieldMapping {
  /** The field is mapped only under this condition. */
  when?: Condition;
  /** Paths; the first with a value that is not blank counts. */
  from?: readonly string[];
  /** A fixed text. */
  const?: string;
  /** The time of receipt. */
  now?: boolean;
  /** Paths whose values are put together, relative to `from` if it is there. */
  join?: readonly string[];
  /** A separator that makes a list of a text. */
  split?: string;
  /** The separator that makes a text of a list; default `, `. */
  with?: string;
  lookup?: readonly { label: string; value: string }[];
  else?: string;
  part?: Part;
  as?: Kind;
  order?: DateHints['order'];
  /** `excel`, or a format such as `MM/DD/YYYY h:mm A`. */
  format?: string;
  unit?: DateHints['unit'];
  /** IANA */
  zone?: string;
  /** Of `money`, ISO 4217; default `USD`. */
  currency?: string;
}
