import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import Type, { type Static } from 'typebox';
import { explainConnectionError as temporalRefusal } from '../../temporal/connection.js';
import type { LeadStarter } from '../../temporal/leadStarter.js';
import { errorForLog } from '../../errorForLog.js';
import { connectionRefusal as redisRefusal } from '../http/openRedis.js';
import type { ApiContext } from '../context.js';
import type { Readiness } from '../schemas.js';

/** How long a part may take to answer before it counts as away, ms. */
const PATIENCE_MS = 1000;
/** How long an answer is given again, ms: `/ready` asks for no key, and each look at the parts costs three servers. */
const REMEMBERED_MS = 1000;

const health = {
  operationId: 'health',
  summary: 'Whether the process is up',
  tags: ['Operation'],
  response: { 200: Type.Ref('Health', { description: 'It is' }) },
};

const ready = {
  operationId: 'ready',
  summary: 'Whether leads are taken, and which part is away',
  tags: ['Operation'],
  response: {
    200: Type.Ref('Readiness', { description: 'Leads are taken; a part that is away is named' }),
    503: Type.Ref('Readiness', { description: 'Leads are not taken' }),
  },
};

export async function healthRoute(app: FastifyInstance): Promise<void> {
  app.get('/health', { schema: health }, async () => ({ status: 'up' }));
}

/**
 * `/ready` is 503 only without the database, and while the process stops. Without Redis or Temporal leads are still taken, as the Lead API promises:
 * a balancer that took the process away for that would lose leads. The part is named all the same.
 */
export async function healthRoutes(
  app: FastifyInstance,
  { context }: { context: ApiContext },
): Promise<void> {
  await app.register(healthRoute);
  const readiness = remembered(REMEMBERED_MS, () => checkServices(context));
  app.get('/ready', { schema: ready }, async (_request, reply) => {
    const found = await readiness();
    const answer = { ...found, ready: found.ready && context.isStopping?.() !== true };
    return reply.code(answer.ready ? 200 : 503).send(answer);
  });
}

/** How each part is, in words. */
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

/** How Redis is, in words. */
export const redisState = (redis: Redis): Promise<string> => stateOf(redis.ping(), () => redisRefusal(redis));

/** How Temporal is, in words. */
export const temporalState = (starter: Pick<LeadStarter, 'ready'>): Promise<string> =>
  stateOf(starter.ready(), temporalRefusal);

/** What `ask` resolves with, for all who want to know within this time of its start. It must not reject. */
function remembered<T>(forMs: number, ask: () => Promise<T>): () => Promise<T> {
  let last: { at: number; answer: Promise<T> } | undefined;
  return () => {
    const now = performance.now();
    if (last === undefined || now - last.at >= forMs) last = { at: now, answer: ask() };
    return last.answer;
  };
}

/** `ok`, or why not, in words that name no address. */
async function stateOf(
  asked: Promise<unknown>,
  refusalBy: (error: unknown) => string | undefined = () => undefined,
): Promise<string> {
  const answered = asked.then(
    () => 'ok',
    (error: unknown) => `away (${refusalBy(error) ?? errorForLog(error).name})`,
  );
  return Promise.race([answered, sleep(PATIENCE_MS, 'away (no answer)', { ref: false })]);
}
