import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { parse } from 'yaml';
import { postedFields } from '../../src/market/fields/standardFields.js';
import type { FieldDeclarations } from '../../src/market/fields/declaration.js';
import type { SourceTerms } from '../../src/market/fields/aliases.js';
import { categoryKey, categorySlug } from '../../src/market/model/market.js';
import { metrics } from '../../src/metrics.js';
import { findLead } from '../../src/store/leads/leads.js';
import type { LeadDocument } from '../../src/store/documents.js';
import { contractDocument } from '../support/market.js';
import { openApiWorld, request, type ApiWorld, type Reply } from './world.js';

/** A text, or a repeated one. */
type Text = string | { repeat: string; times: number };
type ByField<Value = string> = Record<string, Value>;

/** A row of intake.yaml, which explains the keys. */
interface Row {
  name: string;
  json?: Record<string, unknown>;
  raw?: string;
  form?: string;
  query?: string;
  multipart?: [string, string][];
  without?: string[];
  requires?: string[];
  declares?: FieldDeclarations;
  source?: SourceTerms;
  asks?: string[];
  stores?: ByField<unknown>;
  lacks?: string[];
  sent?: ByField<unknown>;
  unread?: string[];
  notes?: ByField;
  warns?: ByField;
  posts?: ByField;
  answer?: string;
  faults?: ByField;
}

interface FieldProblem {
  field: string;
  problem: string;
}

const sections = parse(readFileSync(new URL('intake.yaml', import.meta.url), 'utf8')) as Record<
  string,
  Row[]
>;

const USUAL = ['firstName', 'lastName', 'phone', 'state'];
/** A campaign for these terms. */
const categoryOf = ({ requires = USUAL, declares = {}, asks = [] }: Row): string =>
  `Requires ${requires.join(' ')} of ${Object.keys(declares).join(' ')} asks ${asks.join(' ')}`;

const writtenOut = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_key, one: unknown) => {
    if (typeof one !== 'object' || one === null || !('repeat' in one)) return one;
    const { repeat, times } = one as Exclude<Text, string>;
    return repeat.repeat(times).trim();
  });

function leadOf(row: Row): Record<string, string> {
  const lead = {
    ...{ seller: 'ACME1234', category: categoryOf(row) },
    ...{ firstName: 'Ann', lastName: 'Roe', phone: '214-555-0187', state: 'TX' },
  };
  return Object.fromEntries(Object.entries(lead).filter(([name]) => row.without?.includes(name) !== true));
}

/** The request of a row. */
function sentBy(row: Row): { query?: string; init: RequestInit } {
  const lead = leadOf(row);
  const form = `${String(new URLSearchParams(lead))}&`;
  if (row.query !== undefined) return { query: `?${form}${row.query}`, init: {} };
  if (row.form !== undefined) return { init: typed('application/x-www-form-urlencoded', form + row.form) };
  if (row.multipart !== undefined) {
    const body = new FormData();
    for (const [name, value] of [...Object.entries(lead), ...row.multipart]) body.append(name, value);
    return { init: { body } };
  }
  const json = JSON.stringify({ ...lead, ...(writtenOut(row.json ?? {}) as object) });
  const whole = row.raw === undefined ? json : `${json.slice(0, -1)},${row.raw}}`;
  return { init: typed('application/json', whole.replaceAll('$CATEGORY', categoryOf(row))) };
}

const typed = (type: string, body: string): RequestInit => ({ headers: { 'content-type': type }, body });

const rowsOf = (): Row[] => Object.values(sections).flat();

let world: ApiWorld;
/** Keys of sources with their own terms, by row. */
const keys = new Map<Row, string>();
beforeAll(async () => {
  world = await openApiWorld();
  const sources = rowsOf().flatMap((row, i) =>
    row.source ? [{ row, name: `source-${i}`, terms: row.source }] : [],
  );
  for (const { row, name } of sources) keys.set(row, await world.keyFor({ source: name }));
  await world.database.sellers.updateOne(
    { _id: 'ACME1234' },
    { $set: { sources: Object.fromEntries(sources.map(({ name, terms }) => [name, terms])) } },
  );
  const usual = await world.database.campaigns.findOne({ _id: 'ACME1234/auto-insurance' });
  const categories = new Map(rowsOf().map((row) => [categoryOf(row), row]));
  for (const [category, { requires = USUAL, declares, asks }] of categories) {
    if (usual === null) throw new Error('The market has no campaign to copy');
    const names = { category, categoryKey: categoryKey(category), _id: `ACME1234/${categorySlug(category)}` };
    await world.database.campaigns.insertOne({ ...usual, ...names, required: requires, fields: declares });
    if (asks === undefined) continue;
    const ping = { fields: asks };
    await world.database.contracts.insertOne(contractDocument(names._id, 'northwind', { ping }));
  }
});
afterAll(() => world.close());

async function post(row: Row): Promise<Reply> {
  const { query = '', init } = sentBy(row);
  const headers = new Headers(init.headers);
  headers.set('prefer', 'respond-async');
  return request({ ...world, key: keys.get(row) ?? world.key }, `/api/leads${query}`, {
    ...init,
    method: 'POST',
    headers,
  });
}

describe.each(Object.entries(sections))('%s', (_section, rows) => {
  it.each(rows)('$name', async (row) => {
    const reply = await post(row);
    if (row.answer !== undefined) {
      expect(`${reply.status} ${String(reply.body.error)}`).toBe(row.answer);
      if (row.faults !== undefined) expectProblems(reply.body.fields, row.faults);
      return;
    }
    expect(reply.body).toMatchObject({ success: true, status: 'pending' });
    expectProblems(reply.body.warnings ?? [], row.warns ?? {});
    const lead = await findLead(world.database, String(reply.body.lead_id));
    if (lead === null) throw new Error('The lead is not in the store');
    expectStored(lead, row);
  });
});

function expectProblems(problems: unknown, wanted: ByField): void {
  const given = Object.fromEntries(
    (problems as FieldProblem[]).map(({ field, problem }) => [field, problem]),
  );
  expect(Object.keys(given).sort()).toEqual(Object.keys(wanted).sort());
  for (const [field, text] of Object.entries(wanted)) expect(given[field]).toContain(text);
}

function expectStored(lead: LeadDocument, row: Row): void {
  const stores = writtenOut(row.stores ?? {}) as ByField<unknown>;
  for (const [name, value] of Object.entries(stores))
    expect([name, lead.fields[name]]).toEqual([name, value]);
  for (const name of row.lacks ?? []) expect(lead.fields).not.toHaveProperty([name]);
  expect(lead.unread ?? []).toEqual(row.unread ?? []);
  for (const [name, text] of Object.entries(row.notes ?? {})) expect(lead.notes?.[name]).toContain(text);
  if (row.sent !== undefined) {
    const named = Object.entries(lead.sent ?? {}).filter(([name]) => name in { ...stores, ...row.sent });
    expect(Object.fromEntries(named)).toEqual(row.sent);
  }
  expect(postedFields(lead)).toEqual({ ...lead.fields, ...row.posts });
  expect(lead.state).toBe(lead.unread?.includes('state') ? undefined : lead.fields.state);
  expect(lead.phoneE164).toBe(lead.unread?.includes('phone') ? undefined : lead.fields.phone);
}

it('an unreadable value is counted by seller, source and field', async () => {
  const unread = vi.spyOn(metrics, 'unread');
  onTestFinished(() => unread.mockRestore());
  await post({ name: 'a ZIP code of three digits', json: { zip: '501' } });
  expect(unread).toHaveBeenCalledExactlyOnceWith(1, {
    seller: 'ACME1234',
    source: expect.any(String) as unknown,
    field: 'zip',
  });
});
