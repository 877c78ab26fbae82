import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { choosePorts } from '../../src/local/servers/ports.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { allLeads, storeMarket } from '../support/market.js';
import { sendLead, type Source } from '../support/source.js';
import { openTcpProxy, throughProxy, type TcpProxy } from '../support/tcpProxy.js';
import { badRequests } from './badRequests.js';
import { findMarkers } from './findMarkers.js';
import { startOwnServers, type OwnServers } from './ownServers.js';
import { openFaultWorld, type FaultWorld } from './world.js';

/** A unique person, so that any match comes from the lead. */
const PERSON = {
  firstName: 'Zebulon',
  lastName: 'Quatermain-Xyz',
  email: 'zq-person@example.org',
  phone: '555-867-5309',
  state: 'TX',
  zip: '75001',
  nickname: 'Zebbie-Custom',
};
const MARKERS = ['Zebulon', 'Quatermain', 'zq-person', 'Zebbie', '867-5309', '8675309', '867 5309'];

/** A buyer's answer that repeats the person in every free text of the protocol. */
const echo = { reason: 'Zebulon is zq-person@example.org', buyer_lead_id: 'Zebulon/555-867-5309' };

/** Text that no screening can recognize as personal; it is only in the database, for ops. */
const inOwnWords = { reason: 'spoke to her aunt Marigold' };
const OWN_WORDS = ['Marigold'];

/** Answer to a post and final status, by category. */
const cases = {
  sold: { answers: { post: { body: { accepted: true, ...echo } } }, stands: { status: 'sold' } },
  late: {
    answers: { post: [{ status: 500, body: echo }, { body: { accepted: true, ...echo } }] },
    stands: { status: 'sold' },
  },
  refused: {
    answers: { post: { body: { accepted: false, ...echo } } },
    stands: { status: 'pending', reason: 'refused' },
  },
  uncertain: {
    answers: { post: { status: 503, body: echo } },
    stands: { status: 'pending', reason: 'uncertain' },
  },
  gone: { answers: { post: { hangUp: true } }, stands: { status: 'pending', reason: 'uncertain' } },
  explained: {
    answers: { post: { body: { accepted: false, ...inOwnWords } } },
    stands: { status: 'pending', reason: 'refused' },
  },
  declined: {
    answers: { ping: { body: { bid: null, ...inOwnWords } } },
    stands: { status: 'pending', reason: 'no_bid' },
  },
  rejected: {
    answers: { ping: { status: 422, body: inOwnWords } },
    stands: { status: 'pending', reason: 'no_bid' },
  },
  unwanted: {
    answers: { ping: { body: { bid: null, ...echo } } },
    stands: { status: 'pending', reason: 'no_bid' },
  },
};

describe('after a run with every kind of lead and of bad request, and a database outage', () => {
  let servers: OwnServers;
  let world: FaultWorld;
  let source: Source;
  let mongodb: TcpProxy;
  const buyers: FakeBuyer[] = [];
  const leadIds: string[] = [];

  beforeAll(async () => {
    servers = await startOwnServers(['redis', 'mongodb', 'temporal']);
    world = await openFaultWorld({ ...servers.addresses, ANSWER_WINDOW_MS: 1000, LOG_LEVEL: 'debug' });
    const { settings, processes } = world;
    mongodb = await openTcpProxy(settings.MONGODB_URL);
    const behindProxy = { ...settings, MONGODB_URL: throughProxy(settings.MONGODB_URL, mongodb) };
    const ports = await choosePorts(world.dir, ['api', 'worker']);
    const [api, worker] = await Promise.all([
      processes.api({ ...behindProxy, METRICS_PORT: ports.api }),
      processes.worker({ ...behindProxy, METRICS_PORT: ports.worker }),
    ]);
    source = { address: api.address, key: world.key };
    await openMarkets();
    await Promise.all(Object.keys(cases).map(send));
    await sendBadRequests();
    await loseTheDatabase();
    await vi.waitFor(expectStandings, { timeout: 40_000, interval: 200 });
    await keepMetrics(ports);
    for (const running of [api, worker]) {
      running.tellToEnd();
      expect(await running.ended).toBe('exit code 0');
    }
  });
  afterAll(async () => {
    await world.close();
    await mongodb.close();
    await Promise.all(buyers.map((buyer) => buyer.close()));
    await servers.close();
  });

  async function openMarkets(): Promise<void> {
    for (const [category, { answers }] of Object.entries(cases)) {
      const server = await startBuyer({ post_cancelled: { status: 500, body: echo }, ...answers });
      buyers.push(server);
      await storeMarket(world.database, { [`buyer-${category}`]: { server } }, { category });
    }
  }

  async function send(category: string): Promise<void> {
    // Nobody waits: what is left of an answer window would limit the pings, and on a busy machine they would be late.
    const headers = { 'idempotency-key': `${category} ${PERSON.email}`, prefer: 'respond-async' };
    const [first, again] = await Promise.all([1, 2].map(() => sendLead(source, category, PERSON, headers)));
    const other = await sendLead(source, category, { ...PERSON, zip: '75002' }, headers);
    expect([first?.status, again?.status].sort()).toContain(200);
    expect(other.status).toBe(422);
    leadIds.push(String(first?.body.lead_id ?? again?.body.lead_id));
  }

  async function sendBadRequests(): Promise<void> {
    const bad = badRequests(PERSON);
    const statuses: [string, number][] = [];
    for (const { fault, path, init } of bad) {
      const headers = new Headers(init.headers);
      if (!headers.has('authorization')) headers.set('authorization', `Bearer ${source.key}`);
      const { status } = await fetch(source.address + path, { ...init, headers });
      statuses.push([fault, status]);
    }
    expect(statuses).toEqual(bad.map(({ fault, status }) => [fault, status]));
  }

  /** While a lead is stored, and while the worker handles uncertain leads. */
  async function loseTheDatabase(): Promise<void> {
    const storing = mongodb.hold('request', 'insert', 'ACME1234/sold');
    const reply = sendLead(source, 'sold', PERSON);
    await storing;
    mongodb.cut();
    expect((await reply).status).toBe(503);
    mongodb.mend();
  }

  async function expectStandings(): Promise<void> {
    const leads = await world.database.leads.find().toArray();
    const standings = leads.map(({ category, status, reason }) => [category, { status, reason }]);
    expect(Object.fromEntries(standings)).toEqual(
      Object.fromEntries(Object.entries(cases).map(([category, { stands }]) => [category, stands])),
    );
  }

  /** Writes the metrics of each process to files beside the logs. */
  async function keepMetrics(ports: Record<'api' | 'worker', number>): Promise<void> {
    mkdirSync(join(world.dir, 'metrics'));
    for (const [name, port] of Object.entries(ports)) {
      const response = await fetch(`http://127.0.0.1:${port}/metrics`);
      writeFileSync(join(world.dir, 'metrics', name), await response.text());
    }
  }

  it('no personal data is in the files of the database, Temporal or Redis, in any log or in the metrics', async () => {
    const stored = await allLeads(world.database);
    expect(stored.map(({ fields }) => fields)).toEqual(stored.map(() => PERSON));
    expect(stored.every(({ claims }) => !JSON.stringify(claims).includes(echo.reason))).toBe(true);
    const claims = JSON.stringify(stored.map((lead) => lead.claims));
    for (const words of OWN_WORDS) expect(claims).toContain(words);
    await servers.stop();
    expect(findMarkers(servers.dir, MARKERS)).toEqual([]);
    for (const told of ['logs', 'metrics'])
      expect(findMarkers(join(world.dir, told), [...MARKERS, ...OWN_WORDS])).toEqual([]);
    for (const server of ['temporal', 'redis'])
      expect(findMarkers(join(servers.dir, server), OWN_WORDS)).toEqual([]);
  });

  it('the metrics cover the run and name buyers and campaigns, but no lead', () => {
    const dir = join(world.dir, 'metrics');
    const [api, worker] = ['api', 'worker'].map((name) => readFileSync(join(dir, name), 'utf8'));
    expect(api).toMatch(/gavel_leads_answered_total\{[^}]*ACME1234\/sold/);
    expect(worker).toMatch(/gavel_post_seconds_count\{[^}]*buyer-sold/);
    expect(findMarkers(dir, leadIds)).toEqual([]);
  });

  it('the same search finds the leads’ ids there, and a person in every encoding', () => {
    const database = ['secantusdb', 'mongodb'].map((name) => join(servers.dir, name)).filter(existsSync);
    expect(database).toHaveLength(1);
    for (const dir of [...database, join(servers.dir, 'temporal'), join(world.dir, 'logs')]) {
      const missing = leadIds.filter((leadId) => findMarkers(dir, [leadId]).length === 0);
      expect(missing).toEqual([]);
    }
    expect(leadIds).toHaveLength(Object.keys(cases).length);
    const dir = join(world.dir, 'planted');
    mkdirSync(dir);
    ['', '.', '..'].forEach((before, place) => {
      const text = `${before}${JSON.stringify(PERSON)}`;
      writeFileSync(join(dir, `plain-${place}`), text.toUpperCase());
      writeFileSync(join(dir, `base64-${place}`), Buffer.from(text).toString('base64'));
    });
    for (const marker of ['Zebulon', 'Quatermain', 'zq-person', 'Zebbie', '867-5309']) {
      expect(findMarkers(dir, [marker])).toHaveLength(6);
    }
  });

  it('every log line of the API and the worker is one JSON object, also from third-party code', () => {
    expect(
      world.processes
        .logs()
        .flatMap((log) => log.trimEnd().split('\n'))
        .filter(isNoObject),
    ).toEqual([]);
  });
});

function isNoObject(line: string): boolean {
  try {
    return typeof JSON.parse(line) !== 'object';
  } catch {
    return true;
  }
}
