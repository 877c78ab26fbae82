import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { within } from '../../temporal/within.js';
import { faultForLog } from '../faultForLog.js';
import type { Parts } from '../parts.js';
import type { Readiness } from '../schemas.js';

/** How long a part may take to answer before it counts as away, ms. */
const PATIENCE_MS = 1000;

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
 * `/ready` is 503 only without the database. Without Redis or Temporal leads are still taken, as the Lead API promises:
 * a balancer that took the process away for that would lose leads. The part is named all the same.
 */
export async function healthRoutes(app: FastifyInstance, { parts }: { parts: Parts }): Promise<void> {
  const { database, redis, starter } = parts;
  await app.register(healthRoute);
  app.get('/ready', { schema: ready }, async (_request, reply) => {
    const [mongodb, redisState, temporal] = await Promise.all([
      stateOf(database.db.command({ ping: 1 })),
      stateOf(redis.ping()),
      stateOf(starter.ready()),
    ]);
    const answer: Static<typeof Readiness> = {
      ready: mongodb === 'ok',
      parts: { mongodb, redis: redisState, temporal },
    };
    return reply.code(answer.ready ? 200 : 503).send(answer);
  });
}

/** `ok`, or why not, in words that name no address. */
async function stateOf(asked: Promise<unknown>): Promise<string> {
  const answered = asked.then(
    () => 'ok',
    (error: unknown) => `away (${faultForLog(error).name})`,
  );
  return (await within(answered, PATIENCE_MS)) ?? 'away (no answer)';
}
