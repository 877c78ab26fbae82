import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { OutcomeAnswer } from '../../src/market/model/lead.js';
import { createLog } from '../../src/log.js';
import { openAnnouncer, openAnswers, type Announcer, type Answers } from '../../src/redis/answers.js';
import { isolatedSettings } from '../support/stack.js';
import { openGate, type Gate } from './gate.js';

const log = createLog({ LOG_LEVEL: 'silent' }, 'test');
const SOLD: OutcomeAnswer = { status: 'sold', price: 4500, currency: 'USD', buyerIds: ['northwind'] };

let url: string;
let gate: Gate;
beforeAll(async () => {
  const { REDIS_URL } = await isolatedSettings();
  const { hostname, port } = new URL(REDIS_URL);
  gate = await openGate({ host: hostname, port: Number(port) });
  url = `redis://127.0.0.1:${gate.port}`;
});
afterAll(() => gate.close());

async function opened<T extends { close(): void }>(opening: Promise<T>): Promise<T> {
  const open = await opening;
  onTestFinished(() => open.close());
  return open;
}
const soon = (answers: Answers, leadId: string, ms = 5000) => answers.waitFor(leadId, Date.now() + ms);

it('an outcome of this process arrives without Redis', async () => {
  gate.cut();
  const answers = await opened(openAnswers(url, log));
  gate.mend();
  const waiting = soon(answers, 'own');
  answers.announce('own', answers.id, SOLD);
  expect(await waiting).toEqual(SOLD);
});

it('what another process says of a lead arrives over Redis, in the one process that awaits it', async () => {
  const [api, other, worker] = await Promise.all([
    opened(openAnswers(url, log)),
    opened(openAnswers(url, log)),
    opened(openAnnouncer(url, log)),
  ]);
  const started: string[] = [];
  api.onStarted((leadId) => started.push(leadId));
  other.onStarted((leadId) => started.push(`${leadId} elsewhere`));
  const [first, second] = [soon(api, 'first'), soon(api, 'second')];
  worker.started('second', api.id);
  worker.announce('second', api.id, { status: 'pending' });
  expect(await second).toEqual({ status: 'pending' });
  other.announce('first', api.id, SOLD);
  expect(await first).toEqual(SOLD);
  expect(started).toEqual(['second']);
});

it('without an outcome the wait ends at its time; that a worker begins later is still heard', async () => {
  const answers = await opened(openAnswers(url, log));
  const started: string[] = [];
  answers.onStarted((leadId) => started.push(leadId));
  expect(await soon(answers, 'late', 20)).toBeUndefined();
  answers.started('late', answers.id);
  expect(started).toEqual(['late']);
});

/** An outcome that the worker announces reaches the API, once Redis connects both. */
async function arrivesAgain(api: Answers, worker: Announcer): Promise<void> {
  let arrived: unknown;
  void soon(api, 'found', 20_000).then((outcome) => (arrived = outcome));
  const announced = () => {
    worker.announce('found', api.id, SOLD);
    return arrived;
  };
  await expect.poll(announced, { timeout: 15_000 }).toEqual(SOLD);
}

it.each(['cut', 'hold'] as const)(
  'Redis away (%s): nothing throws, and outcomes arrive again when it is back',
  async (how) => {
    const [api, worker] = await Promise.all([opened(openAnswers(url, log)), opened(openAnnouncer(url, log))]);
    gate[how]();
    const lost = soon(api, 'lost', 100);
    worker.announce('lost', api.id, SOLD);
    expect(await lost).toBeUndefined();
    gate.mend();
    await arrivesAgain(api, worker);
  },
);

it('after a start without Redis, outcomes arrive once it is there', async () => {
  gate.cut();
  const [api, worker] = await Promise.all([opened(openAnswers(url, log)), opened(openAnnouncer(url, log))]);
  gate.mend();
  await arrivesAgain(api, worker);
});
