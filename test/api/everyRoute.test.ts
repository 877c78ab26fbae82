import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildLeadApi } from '../../src/api/leadApi.js';
import { openAnswers } from '../../src/redis/answers.js';
import { openRedis } from '../../src/redis/openRedis.js';
import { createLog } from '../../src/log.js';
import { openLeadStarter } from '../../src/temporal/leadStarter.js';
import { openApiWorld, request, SAMPLE, sendLead, type ApiWorld, type Reply } from './world.js';

/** The parts of two answers that must be equal, so that the cases cannot be distinguished. */
const told = ({ status, body: { error, message, fields } }: Reply) => ({ status, error, message, fields });

/** Public routes: the same answer with any key and without one. */
const PUBLIC = [
  'GET /',
  'GET /docs',
  'GET /docs/icon.svg',
  'GET /docs/openapi.json',
  'GET /docs/style.css',
  'GET /health',
  'GET /ready',
];

/** Open to everybody with the token; test/api/specs.test.ts tests that others get 404. */
const BY_TOKEN = [
  'GET /specs/:access/:category',
  'GET /specs/:access/:category/openapi.json',
  'GET /specs/:access/:category/spec.md',
  'GET /specs/:access/:category/try',
  'POST /specs/:access/:category/try',
];

/** Private routes: a seller's key gets the same answer for another seller's data and for missing data. */
const PRIVATE: Record<string, (world: ApiWorld, stranger: string) => Promise<[theirs: Reply, none: Reply]>> =
  {
    'POST /api/leads': async (world, key) => {
      const to = (seller: string) => sendLead({ ...world, key }, { ...SAMPLE, seller });
      return [await to('ACME1234'), await to('NOBODY00')];
    },
    'POST /api/pings': async (world, key) => {
      const { seller: _seller, category, state } = SAMPLE;
      const to = (seller: string) =>
        request({ ...world, key }, '/api/pings', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ seller, category, state }),
        });
      return [await to('ACME1234'), await to('NOBODY00')];
    },
    'POST /api/leads/batch': async (world, key) => {
      const to = async (seller: string): Promise<Reply> => {
        const { headers, body } = await request({ ...world, key }, '/api/leads/batch', {
          method: 'POST',
          headers: { 'content-type': 'application/x-ndjson', prefer: 'respond-async' },
          body: JSON.stringify({ ...SAMPLE, seller }),
        });
        return { status: Number(body.code), headers, body: body.answer as Record<string, unknown> };
      };
      return [await to('ACME1234'), await to('NOBODY00')];
    },
    'GET /api/leads/:lead_id': async (world, key) => {
      const id = String((await sendLead(world)).body.lead_id);
      const show = (leadId: string) => request({ ...world, key }, `/api/leads/${leadId}`);
      return [await show(id), await show(id.replace(/^.{8}/, '00000000'))];
    },
    'POST /api/leads/:lead_id/withdraw': async (world, key) => {
      const id = String((await sendLead(world)).body.lead_id);
      const withdraw = (leadId: string) =>
        request({ ...world, key }, `/api/leads/${leadId}/withdraw`, { method: 'POST' });
      return [await withdraw(id), await withdraw(id.replace(/^.{8}/, '00000000'))];
    },
    'POST /api/buyers/returns': async (world, key) => {
      const id = String((await sendLead(world)).body.lead_id);
      const giveBack = (post_id: string) =>
        request({ ...world, key }, '/api/buyers/returns', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ post_id, reason: 'duplicate' }),
        });
      return [await giveBack(id), await giveBack('none')];
    },
    'GET /in/:source': (world, key) => toSources(world, key, (name) => [`/in/${name}`, 'GET']),
    'GET /in/:source/:secret': (world, key) => toSources(world, key, (name) => [`/in/${name}/${key}`, 'GET']),
    'POST /in/:source': (world, key) => toSources(world, key, (name) => [`/in/${name}`, 'POST']),
    'POST /in/:source/:secret': (world, key) =>
      toSources(world, key, (name) => [`/in/${name}/${key}`, 'POST']),
  };

/** Requests to another seller's source, and to one that does not exist. */
async function toSources(
  world: ApiWorld,
  key: string,
  at: (name: string) => [path: string, method: string],
): Promise<[theirs: Reply, none: Reply]> {
  const inbound = { fields: { firstName: { from: ['first'] } } };
  await world.database.sellers.updateOne({ _id: 'ACME1234' }, { $set: { 'sources.theirs': { inbound } } });
  const send = (name: string): Promise<Reply> => {
    const [path, method] = at(name);
    return request({ ...world, key }, path, { method });
  };
  return [await send('theirs'), await send('nobody')];
}

describe('every route', () => {
  let world: ApiWorld;
  let routes: string[];
  let stranger: string;
  beforeAll(async () => {
    world = await openApiWorld();
    routes = await routesOf(world);
    stranger = await world.keyFor({ seller: 'GLOBEX00' });
  });
  afterAll(() => world.close());

  it('is listed here as public or as private to a seller', () => {
    expect(routes).toEqual([...PUBLIC, ...BY_TOKEN, ...Object.keys(PRIVATE)].sort());
  });

  it.each(Object.entries(PRIVATE))(
    '%s tells a seller nothing of another one’s, not even that it is there',
    async (_route, ask) => {
      const [theirs, none] = await ask(world, stranger);
      expect(theirs.status).toBeGreaterThanOrEqual(400);
      expect(told(theirs)).toEqual(told(none));
      expect(await world.database.leads.countDocuments({ seller: 'GLOBEX00' })).toBe(0);
    },
  );

  it.each(Object.keys(PRIVATE))('%s requires a key', async (route) => {
    const reply = await sendTo(world, route, { authorization: '' });
    expect([reply.status, await reply.json()]).toMatchObject([401, { error: 'Invalid API Key' }]);
  });

  it.each(PUBLIC)('%s gives the same answer to all', async (route) => {
    const shown = async (authorization: string) => (await sendTo(world, route, { authorization })).text();
    const anybody = await shown('');
    expect(await shown(`Bearer ${world.key}`)).toBe(anybody);
    expect(anybody).not.toContain('GLOBEX00');
  });

  it.each([...PUBLIC, ...Object.keys(PRIVATE)])(
    '%s lets no page of elsewhere read it, frame it or take it for something else',
    async (route) => {
      for (const method of [route.split(' ', 1).join(), 'OPTIONS']) {
        const path = route.slice(route.indexOf(' ') + 1);
        const { headers } = await sendTo(world, `${method} ${path}`, {
          origin: 'https://evil.example',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization',
        });
        expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
        expect(headers.get('content-security-policy')).toContain("default-src 'none'");
        expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
        expect(headers.get('x-content-type-options')).toBe('nosniff');
        expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
        expect(headers.get('referrer-policy')).toBe('no-referrer');
        expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
        expect(headers.has('x-powered-by') || headers.has('server')).toBe(false);
      }
    },
  );
});

function sendTo({ api, key }: ApiWorld, route: string, headers: Record<string, string>): Promise<Response> {
  const [method = '', path = ''] = route.split(' ');
  const to = api.address + path.replace(/:\w+/g, '01990000-0000-7000-8000-000000000000');
  return fetch(to, { method, headers: { authorization: `Bearer ${key}`, ...headers } });
}

/** `GET /health`, …: every route of the app, including undocumented ones; HEAD belongs to GET. */
async function routesOf({ settings, database }: ApiWorld): Promise<string[]> {
  const log = createLog({ LOG_LEVEL: 'silent' }, 'test');
  const redis = await openRedis(settings.REDIS_URL, log);
  const starter = openLeadStarter(settings, log);
  const answers = await openAnswers(settings.REDIS_URL, log);
  const app = await buildLeadApi({ settings, database, redis, starter, answers, log });
  const tree = app.printRoutes({ commonPrefix: false });
  await app.close();
  redis.disconnect();
  answers.close();
  await starter.close();
  const found: string[] = [];
  const above: string[] = [];
  for (const [, indent = '', part = '', methods = ''] of tree.matchAll(/^(.*?)(?:├|└)── (\S*) \((.*)\)$/gm)) {
    above.splice(indent.length / 4, Infinity, part);
    for (const method of methods.split(', ')) {
      if (method !== 'HEAD' && method !== '-')
        found.push(`${method} ${above.join('').replace(/^\/\//, '/')}`);
    }
  }
  return found.sort();
}
