import type { FieldValue } from '../../market/fields/reading.js';
import type { Outlet } from '../../market/model/outlet.js';
import { toDecimal } from '../../market/money.js';
import type { Post } from '../post.js';

/** A lead as an outlet sends it: names and values, in order. */
export type Row = readonly (readonly [name: string, value: string | number | boolean])[];

/** What an outlet needs beside the post. */
export type OutletPost = Post & { category: string };

/** The sale, then the lead's fields: all of them, or the fields that the outlet names. Several values are joined by a comma. */
export function rowOf(post: OutletPost, { fields }: Pick<Outlet, 'fields'>): Row {
  const names = fields ?? Object.keys(post.lead);
  return [
    ['post_id', post.postId],
    ['lead_id', post.leadId],
    ['received_at', post.receivedAt.toISOString()],
    ['category', post.category],
    ['price', toDecimal(post.price, post.currency)],
    ['currency', post.currency],
    ['test', post.test],
    ...names.map(
      (name) => [name, textOf(Object.hasOwn(post.lead, name) ? post.lead[name] : undefined)] as const,
    ),
  ];
}

const textOf = (value: FieldValue | undefined): string => [value ?? ''].flat().join(', ');

/** A CSV file (RFC 4180) with a header and one row. */
export const csvOf = (row: Row): string =>
  `${row.map(([name]) => cell(name)).join(',')}\r\n${row.map(([, value]) => cell(String(value))).join(',')}\r\n`;

/** The beginnings by which a spreadsheet takes a text for a formula (OWASP, "CSV Injection"). */
const FORMULA = /^[=+\-@\t\r]/;
/** A number or a phone number is no formula. */
const NUMBER = /^[+-]?\d+(?:\.\d+)?$/;

/** A cell that no spreadsheet executes: a text that begins like a formula gets an apostrophe before it. */
function cell(text: string): string {
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
