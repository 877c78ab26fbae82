import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import Type, { type Static } from 'typebox';
import { explainConnectionError as temporalRefusal } from '../../temporal/connection.js';
import type { LeadStarter } from '../../temporal/leadStarter.js';
import { errorForLog } from '../../errorForLog.js';
import { connectionRefusal as redisRefusal } from '../../redis/openRedis.js';
import type { ApiContext } from '../context.js';
import type { Readiness } from '../schemas.js';

/** Timeout after which a service counts as down, ms. */
const SERVICE_TIMEOUT_MS = 1000;
/** How long a result is cached, ms: `/ready` needs no key, and each check asks three servers. */
const CACHED_MS = 1000;

const health = {
  operationId: 'health',
  summary: 'Whether the process is up',
  tags: ['Operation'],
  response: { 200: Type.Ref('Health', { description: 'The process is up' }) },
};

const ready = {
  operationId: 'ready',
  summary: 'Whether leads are accepted, and which service is down',
  tags: ['Operation'],
  response: {
    200: Type.Ref('Readiness', { description: 'Leads are accepted; services that are down are named' }),
    503: Type.Ref('Readiness', { description: 'Leads are not accepted' }),
  },
};

export async function healthRoute(app: FastifyInstance): Promise<void> {
  app.get('/health', { schema: health }, async () => ({ status: 'up' }));
}

/**
 * `/ready` is 503 only without the database, and during shutdown. Without Redis or Temporal the API still accepts leads, and a
 * load balancer that removed the process would lose them. The response names the service that is down.
 */
export async function healthRoutes(
  app: FastifyInstance,
  { context }: { context: ApiContext },
): Promise<void> {
  await app.register(healthRoute);
  const readiness = cachedFor(CACHED_MS, () => checkServices(context));
  app.get('/ready', { schema: ready }, async (_request, reply) => {
    const found = await readiness();
    const answer = { ...found, ready: found.ready && context.isStopping?.() !== true };
    return reply.code(answer.ready ? 200 : 503).send(answer);
  });
}

/** The state of each service, in words. */
export async function checkServices({
  database,
  redis,
  starter,
}: ApiContext): Promise<Static<typeof Readiness>> {
  const [mongodb, redisIs, temporal] = await Promise.all([
    stateOf(database.db.command({ ping: 1 })),
    redisState(redis),
    temporalState(starter),
  ]);
  return { ready: mongodb === 'ok', parts: { mongodb, redis: redisIs, temporal } };
}

/** The state of Redis, in words. */
export const redisState = (redis: Redis): Promise<string> => stateOf(redis.ping(), () => redisRefusal(redis));

/** The state of Temporal, in words. */
export const temporalState = (starter: Pick<LeadStarter, 'ready'>): Promise<string> =>
  stateOf(starter.ready(), temporalRefusal);

/** Caches the result of `ask` for this time. `ask` must not reject. */
function cachedFor<T>(forMs: number, ask: () => Promise<T>): () => Promise<T> {
  let last: { at: number; answer: Promise<T> } | undefined;
  return () => {
    const now = performance.now();
    if (last === undefined || now - last.at >= forMs) last = { at: now, answer: ask() };
    return last.answer;
  };
}

/** `ok`, or the problem, without addresses. */
async function stateOf(
  asked: Promise<unknown>,
  refusalBy: (error: unknown) => string | undefined = () => undefined,
): Promise<string> {
  const answered = asked.then(
    () => 'ok',
    (error: unknown) => `away (${refusalBy(error) ?? errorForLog(error).name})`,
  );
  return Promise.race([answered, sleep(SERVICE_TIMEOUT_MS, 'away (no answer)', { ref: false })]);
}
