import { createHmac, createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { holdsAll } from '../../../src/api/inbound/proof.js';
import { expandInbound } from '../../../src/market/file/inboundValues.js';
import { parseMarket } from '../../support/parseMarket.js';
import type { Inbound, Source } from '../../../src/market/mapping/inbound.js';
import { readPayload } from '../../../src/operations/sources/readPayload.js';
import { createKey } from '../../../src/store/keys/apiKeys.js';
import { setNamedSecret } from '../../../src/store/keys/namedSecrets.js';
import { openLead } from '../../../src/store/leads/person.js';
import { storeMarket } from '../../support/market.js';
import { openApiWorld, type ApiWorld } from '../world.js';

/*
 * test/market/mapping/senders: requests as form builders and ad platforms send them (*.http, byte by byte), each with the
 * mapping of its source and the lead that it becomes (*.yaml). `lead` has what the source sent, `normal` the values that
 * are normalised.
 */
const FOLDER = join(import.meta.dirname, '../../market/mapping/senders');

interface Sender {
  about: string;
  /** Absent: it sends to the Lead API. */
  inbound?: object;
  secret?: string;
  now?: string;
  lead?: Record<string, string>;
  normal?: Record<string, string>;
  test?: boolean;
  refused?: boolean;
  announces?: boolean;
  respond?: { status: number; body: unknown };
}

interface RawRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer;
}

function readRequestFile(name: string): RawRequest {
  const bytes = readFileSync(join(FOLDER, `${name}.http`));
  const end = bytes.indexOf('\r\n\r\n');
  const [first = '', ...lines] = bytes.subarray(0, end).toString().split('\r\n');
  const [method = '', path = ''] = first.split(' ');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { method, path, headers: Object.fromEntries(headers), body: bytes.subarray(end + 4) };
}

const FILES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.replace(/\.yaml$/, ''));

const senders = new Map(
  FILES.map((name): [string, Sender] => [
    name,
    parse(readFileSync(join(FOLDER, `${name}.yaml`), 'utf8')) as Sender,
  ]),
);

/** Senders with an address of their own. */
const NAMES = FILES.filter((name) => senders.get(name)?.inbound !== undefined);

const withLead = NAMES.filter((name) => senders.get(name)?.lead !== undefined);
const signed = NAMES.filter(
  (name) => senders.get(name)?.secret !== undefined && senders.get(name)?.respond === undefined,
);

/** The source of a sender, as a market file writes it. */
function sourceOf(name: string): Source {
  const market = {
    sellers: [
      {
        code: 'ACME1234',
        slug: 'acme',
        name: 'Acme',
        sources: { [name]: { inbound: senders.get(name)?.inbound } },
      },
    ],
  };
  const read = parseMarket(stringify(market));
  if ('faults' in read) throw new Error(JSON.stringify(read.faults));
  const source = read.market.sellers[0]?.sources?.[name];
  if (source === undefined) throw new Error('The market has no such source');
  return source;
}

const secretNamed = (name: string): string => `SENDER_${name.toUpperCase().replaceAll('-', '_')}`;

/** Named for its sender, because all of them are in one market. */
function inboundOf(name: string): Inbound {
  const { inbound = {} } = sourceOf(name);
  const text = JSON.stringify(inbound).replaceAll('{{secret:SENDER}}', `{{secret:${secretNamed(name)}}}`);
  return JSON.parse(text) as Inbound;
}

describe('A request as its vendor signs it', () => {
  test.each(signed)('%s', async (name) => {
    const { secret = '', now, refused = false } = senders.get(name) ?? { secret: '' };
    const { method, path, headers, body } = readRequestFile(name);
    const inbound = expandInbound(inboundOf(name));
    const { document } = await readPayload(body, headers['content-type'], inbound);
    const held = await holdsAll(
      inbound.prove ?? [],
      {
        method,
        uri: `https://gavel.example${path}`,
        headers,
        raw: body,
        document,
        now: Date.parse(now ?? '2026-11-24T20:33:10Z'),
      },
      async () => secret,
    );
    expect(inbound.prove?.length).toBeGreaterThan(0);
    expect(held).toBe(!refused);
  });
});

describe('Sent to its address,', () => {
  let world: ApiWorld;
  const keys = new Map<string, string>();

  beforeAll(async () => {
    world = await openApiWorld({ PUBLIC_URL: 'https://gavel.example' });
    const { database } = world;
    const sources: Record<string, Source> = {};
    for (const name of NAMES) {
      sources[name] = { ...sourceOf(name), inbound: inboundOf(name) };
      const { key } = await createKey(database, {
        seller: 'ACME1234',
        source: name,
        test: false,
        address: true,
      });
      keys.set(name, key);
      const { secret } = senders.get(name) ?? {};
      if (secret !== undefined)
        await setNamedSecret(database, { name: secretNamed(name) }, secret, { who: 'test', via: 'cli' });
    }
    await database.campaigns.updateOne({ category: 'Roofing' }, { $set: { active: true } });
    for (const category of ['Moving', 'HVAC'])
      await storeMarket(database, {}, { category, required: ['firstName', 'lastName', 'phone'] });
    // Storing a campaign replaces its seller.
    await database.sellers.updateOne({ _id: 'ACME1234' }, { $set: { sources } });
  });

  afterAll(() => world.close());

  /** Sends a request to the sender's address, signed for now and for this address. */
  async function send(name: string): Promise<{ status: number; text: string }> {
    const { method, path, headers, body } = readRequestFile(name);
    const query = path.includes('?') ? path.slice(path.indexOf('?')) : '';
    const address = `/in/${name}/${keys.get(name)}${query}`;
    const { secret = '' } = senders.get(name) ?? {};
    const {
      host: _host,
      'content-length': _length,
      connection: _connection,
      'accept-encoding': _coding,
      ...given
    } = headers;
    const sent = { ...given, ...signedNow(name, { method, address, body, secret }) };
    const response = await fetch(world.api.address + address, {
      method,
      headers: sent,
      body: method === 'POST' ? body : undefined,
    });
    return { status: response.status, text: await response.text() };
  }

  test.each(withLead)('%s is the whole lead', async (name) => {
    const { lead = {}, normal = {}, test: isTest = false } = senders.get(name) ?? {};
    const { status, text } = await send(name);
    expect(text).toContain('"success":true');
    expect(status).toBe(200);
    const { lead_id } = JSON.parse(text) as { lead_id: string };
    const stored = await world.database.leads.findOne({ _id: lead_id });
    if (stored === null) throw new Error('The lead was not stored');
    const { fields, sent = {}, test: wasTest, category, source } = openLead(world.database.vault, stored);
    const { category: wantedCategory, ...wanted } = lead;
    expect({ category, source, test: wasTest }).toEqual({
      category: wantedCategory,
      source: name,
      test: isTest,
    });
    const { phoneExtension: _extension, ...others } = fields;
    expect(Object.keys(others).sort()).toEqual(Object.keys(wanted).sort());
    for (const [field, value] of Object.entries(wanted)) {
      if (value === '<time of receipt>') continue;
      expect([field, fields[field]]).toEqual([field, normal[field] ?? readableOf(field, value)]);
      expect([field, sent[field] ?? fields[field]]).toEqual([field, value]);
    }
  });

  test.each(FILES.filter((name) => !NAMES.includes(name)))('%s needs no address', async (name) => {
    const { lead: { seller, category, ...wanted } = {}, normal = {} } = senders.get(name) ?? {};
    const { path, headers, body } = readRequestFile(name);
    const key = await world.keyFor({ test: true });
    const { 'content-type': type = '', 'idempotency-key': once } = headers;
    const response = await fetch(world.api.address + path, {
      method: 'POST',
      headers: {
        'content-type': type,
        authorization: `Bearer ${key}`,
        prefer: 'respond-async',
        ...(once !== undefined && { 'idempotency-key': once }),
      },
      body,
    });
    const { lead_id } = (await response.json()) as { lead_id: string };
    const stored = await world.database.leads.findOne({ _id: lead_id });
    if (stored === null) throw new Error('The lead was not stored');
    const lead = openLead(world.database.vault, stored);
    expect(lead).toMatchObject({ seller, category, test: true, fields: { ...wanted, ...normal } });
  });

  test.each(NAMES.filter((name) => senders.get(name)?.respond))('%s is answered', async (name) => {
    const { respond } = senders.get(name) ?? {};
    const { status, text } = await send(name);
    expect(status).toBe(respond?.status);
    expect(typeof respond?.body === 'string' ? text : JSON.parse(text)).toEqual(respond?.body);
  });

  test.each(NAMES.filter((name) => senders.get(name)?.announces))(
    '%s is answered 200 and kept',
    async (name) => {
      const { status } = await send(name);
      expect(status).toBe(200);
      expect(await world.database.payloads.countDocuments({ source: name })).toBe(1);
    },
  );

  test.each(NAMES.filter((name) => senders.get(name)?.refused))(
    '%s is refused, and nothing is stored',
    async (name) => {
      const { status } = await send(name);
      expect(status).toBe(401);
      expect(await world.database.leads.countDocuments({ source: name })).toBe(0);
      expect(await world.database.payloads.countDocuments({ source: name })).toBe(0);
    },
  );
});

/** Fields whose normal form the files do not list, because no rule of theirs changes it. */
function readableOf(field: string, value: string): string {
  if (field === 'consentAt') return value.replace('.000Z', 'Z');
  return value;
}

/** The headers that depend on the time and the address. */
function signedNow(
  name: string,
  { method, address, body, secret }: { method: string; address: string; body: Buffer; secret: string },
): Record<string, string> {
  const hmac = (text: string): string => createHmac('sha256', secret).update(text).update(body).digest('hex');
  const now = Date.now();
  if (name.startsWith('wpforms')) {
    const t = Math.floor(now / 1000);
    return { 'x-wpforms-webhook-signature': `t=${t},v=${hmac(`${t}.`)}` };
  }
  if (name.startsWith('webflow'))
    return { 'x-webflow-timestamp': `${now}`, 'x-webflow-signature': hmac(`${now}:`) };
  if (name.startsWith('hubspot')) {
    const hash = createHash('sha256')
      .update(`${secret}${method}https://gavel.example${address}`)
      .update(body);
    return { 'x-hubspot-signature': hash.digest('hex') };
  }
  return {};
}
