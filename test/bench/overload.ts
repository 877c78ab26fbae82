import { Agent } from 'undici';
import { SAMPLE } from '../../src/local/demo/sample.js';
import type { Servers } from '../../src/local/servers/servers.js';
import { percentile } from './aims.js';
import { load } from './load.js';
import { watchMemory } from './memory.js';
import { onServers, type Run } from './onServers.js';
import { openLoop } from './openLoop.js';
import { keptOf, untilSettled } from './overloadKept.js';
import { overloadReport, type Overload, type OverloadReport } from './overloadReport.js';
import { sendLead, type Reply } from './source.js';
import { startGavel } from './startGavel.js';
import { openWorld, unlimitedKey } from './world.js';

/** Sellers that always send, and the seller of the flood, as multiples of the capacity. */
const STEADY = { STEADY01: 0.25, STEADY02: 0.25 } as const;
const FLOOD = { FLOOD000: 2.5 } as const;

/** The seller that sends one lead after another before, during and after the flood. */
const OTHER = SAMPLE.seller;

const ANSWER_WINDOW_MS = 3000;

export interface OverloadOptions extends Run {
  /** Duration of the flood, s. */
  seconds: number;
}

/**
 * Sends the API three times the capacity of the machine, and measures the outcome. Undefined if aborted.
 * @throws LocalStackError if a process can't be started or ends by itself
 */
export const runOverload = (options: OverloadOptions): Promise<OverloadReport | undefined> =>
  onServers(options, async (dir, servers) => overloadReport(await overload(dir, servers, options)));

async function overload(
  dir: string,
  servers: Servers,
  { progress, seconds }: OverloadOptions,
): Promise<Overload> {
  progress('starting buyers, worker, API');
  const sellers = [OTHER, ...Object.keys({ ...STEADY, ...FLOOD })];
  const { env, database } = await openWorld(dir, servers, { sellers, answerWindowMs: ANSWER_WINDOW_MS });
  const agent = new Agent();
  try {
    const api = await startGavel(dir, servers.start, env);
    const pid = servers.processes.parts.find(({ name }) => name === 'api')?.pid ?? 0;
    const sourceOf = async (seller: string) => {
      const source = { api, seller, key: await unlimitedKey(database, seller) };
      return () => sendLead(agent, source);
    };
    const other = await sourceOf(OTHER);
    progress('warming up');
    const warm = await load(80, 8, other);
    await untilSettled(database);
    progress('measuring what the machine can do');
    const full = await load(160, 32, other);
    // Leads answered `pending` at the end of the answer window are still unsold and would distort the measurement.
    const taken = full.done.filter(({ leadId }) => leadId !== undefined).length;
    const capacity = taken / (full.seconds + (await untilSettled(database)));
    const alone = await load(20, 1, other);

    const sourcesOf = (shares: Record<string, number>) =>
      Promise.all(
        Object.entries(shares).map(async ([seller, share]) => ({ send: await sourceOf(seller), share })),
      );
    const steady = await sourcesOf(STEADY);
    progress('sending what it can do well');
    const endSteady = sendAll(steady, capacity);
    const beside = await sendFor(seconds / 3, other);
    const calm = await endSteady();

    progress(`flooding for ${seconds} s`);
    const memory = watchMemory(pid);
    const endFlood = sendAll([...steady, ...(await sourcesOf(FLOOD))], capacity);
    const meanwhile = await sendFor(seconds, other);
    const samples = memory();
    const stopped = endFlood();

    progress('waiting until all is as before');
    const after = await untilNormal(other, 2 * percentile(alone.latencies, 50));
    const flood = await stopped;
    const settledAfterS = await untilSettled(database);
    progress('comparing answers and books');
    const before = [...warm.done, ...full.done, ...alone.done, ...calm, ...beside];
    const answers = [...before, ...flood, ...meanwhile, ...after.replies];
    const kept = await keptOf(database, answers);
    return {
      ...{ capacity, seconds, flood, meanwhile, alone: alone.done, beside, samples, kept },
      ...{ answerWindowMs: ANSWER_WINDOW_MS, normalAfterS: after.seconds, settledAfterS },
    };
  } finally {
    await agent.close();
    await database.client.close();
  }
}

/** All sellers send concurrently, each its share of `perSecond`, until stopped; resolves with all answers. */
function sendAll(
  sources: readonly { send: () => Promise<Reply>; share: number }[],
  perSecond: number,
): () => Promise<Reply[]> {
  const loops = sources.map(({ send, share }) => openLoop(perSecond * share, send));
  return async () => (await Promise.all(loops.map((loop) => loop.stop()))).flat();
}

/** Sends one after another for a duration. */
async function sendFor(seconds: number, send: () => Promise<Reply>): Promise<Reply[]> {
  const until = performance.now() + seconds * 1000;
  const replies: Reply[] = [];
  while (performance.now() < until) replies.push(await send());
  return replies;
}

/** Number of leads in a row that must be sold, half of them within the normal time, to count as normal. */
const IN_A_ROW = 5;
const GIVEN_UP_AFTER_S = 60;

/** Sends one after another until back to normal; returns the time until the first of that row, s. */
async function untilNormal(
  send: () => Promise<Reply>,
  withinMs: number,
): Promise<{ seconds: number; replies: Reply[] }> {
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1000;
  const sentAt: number[] = [];
  const replies: Reply[] = [];
  while (seconds() < GIVEN_UP_AFTER_S) {
    sentAt.push(seconds());
    replies.push(await send());
    const row = replies.slice(-IN_A_ROW);
    const isQuick =
      percentile(
        row.map(({ ms }) => ms),
        50,
      ) <= withinMs;
    if (row.length === IN_A_ROW && isQuick && row.every(({ sold }) => sold === true))
      return { seconds: sentAt.at(-IN_A_ROW) ?? 0, replies };
  }
  return { seconds: seconds(), replies };
}
