import { percentile, timesOf } from './aims.js';
import { load } from './load.js';
import { SELLER } from './market.js';
import type { Run } from './onServers.js';
import { openLoop } from './openLoop.js';
import { keptOf, untilSettled } from './kept.js';
import { overloadReport, type Overload, type OverloadReport } from './overloadReport.js';
import type { Reply } from './source.js';
import { sampleUsage } from './usage.js';
import {
  ANSWER_WINDOW_MS,
  sourceOf,
  startProduct,
  warmUp,
  withWorld,
  type Send,
  type World,
} from './world.js';

/** Sellers that always send, and the seller of the flood, as multiples of the capacity. */
const STEADY = { STEADY01: 0.25, STEADY02: 0.25 } as const;
const FLOOD = { FLOOD000: 2.5 } as const;

/** The seller that sends one lead after another before, during and after the flood. */
const OTHER = SELLER;

export interface OverloadOptions extends Run {
  /** Duration of the flood, s. */
  seconds: number;
  /** Number of leads before the first measurement. */
  leads: number;
}

/**
 * Sends the API three times the capacity of the machine, and measures the outcome. Undefined if aborted.
 * @throws LocalStackError if a process can't be started or ends by itself
 */
export const runOverload = (options: OverloadOptions): Promise<OverloadReport | undefined> =>
  withWorld(options, { sellers: [OTHER, ...Object.keys({ ...STEADY, ...FLOOD })] }, async (world) =>
    overloadReport(await overload(world, options)),
  );

async function overload(world: World, { progress, seconds, leads }: OverloadOptions): Promise<Overload> {
  progress('starting Gavel');
  const product = await startProduct(world);
  const { database } = world;
  const other = await sourceOf(world, product, OTHER);
  progress('warming up');
  const warm = await warmUp(leads, other);
  await untilSettled(database);
  progress('measuring what the machine can do');
  const full = await capacityOf(world, other);
  const alone = await load(20, 1, other);

  const sourcesOf = (shares: Record<string, number>) =>
    Promise.all(
      Object.entries(shares).map(async ([seller, share]) => ({
        send: await sourceOf(world, product, seller),
        share,
      })),
    );
  const steady = await sourcesOf(STEADY);
  progress('sending what it can do well');
  const endSteady = sendAll(steady, full.capacity);
  const beside = await sendFor(seconds / 3, other);
  const calm = await endSteady();

  progress(`flooding for ${seconds} s`);
  const since = Date.now();
  const usage = sampleUsage(product.processes, 500);
  const endFlood = sendAll([...steady, ...(await sourcesOf(FLOOD))], full.capacity);
  const meanwhile = await sendFor(seconds, other);
  const samples = usage();
  const stopped = endFlood();

  progress('waiting until all is as before');
  const after = await untilNormal(other, 2 * timesOf(alone.pieces).p50_ms);
  const flood = await stopped;
  const { seconds: settledAfterS } = await untilSettled(database, { since });
  progress('comparing answers and books');
  const aloneReplies = alone.pieces.map(({ result }) => result);
  const before = [...warm, ...full.replies, ...aloneReplies, ...calm, ...beside];
  const kept = await keptOf(database, [...before, ...flood, ...meanwhile, ...after.replies]);
  return {
    ...{ capacity: full.capacity, seconds, flood, meanwhile, alone: aloneReplies, beside, samples, kept },
    ...{ answerWindowMs: ANSWER_WINDOW_MS, normalAfterS: after.seconds, settledAfterS },
  };
}

const CAPACITY_LEADS = 320;

/** Leads a second sold at once, at full concurrency. Returns when leads that were answered `pending` are sold, too. */
export async function capacityOf(
  { database }: World,
  send: Send,
): Promise<{ capacity: number; replies: Reply[] }> {
  const since = Date.now();
  const { pieces, seconds } = await load(CAPACITY_LEADS, 32, send);
  const replies = pieces.map(({ result }) => result);
  await untilSettled(database, { since });
  return { capacity: replies.filter(({ sold }) => sold === true).length / seconds, replies };
}

/** All sellers send concurrently, each its share of `perSecond`, until stopped; resolves with all answers. */
function sendAll(
  sources: readonly { send: Send; share: number }[],
  perSecond: number,
): () => Promise<Reply[]> {
  const loops = sources.map(({ send, share }) => openLoop(perSecond * share, send));
  return async () => (await Promise.all(loops.map((loop) => loop.stop()))).flat();
}

/** Sends one after another for a duration. */
export async function sendFor(seconds: number, send: Send): Promise<Reply[]> {
  const until = performance.now() + seconds * 1000;
  const replies: Reply[] = [];
  while (performance.now() < until) replies.push(await send());
  return replies;
}

/** Number of leads in a row that must be sold, half of them within the normal time, to count as normal. */
const IN_A_ROW = 5;
const GIVEN_UP_AFTER_S = 60;

/** Sends one after another until back to normal; returns the time until the first of that row, s. */
async function untilNormal(send: Send, withinMs: number): Promise<{ seconds: number; replies: Reply[] }> {
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
