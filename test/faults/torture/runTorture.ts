import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../../../src/terminal/progress.js';
import { runDir } from '../../bench/runDir.js';
import { giveBack } from './buyers.js';
import { drawOf, type Draw } from './draw.js';
import { gatherEvidence, type Evidence, type Notes } from './evidence.js';
import { FAULTS, planFaults, stepInWords, type Lane, type Step } from './faults.js';
import { INVARIANTS, type Invariant, type Violation } from './invariants.js';
import { planLeads } from './leads.js';
import { characterOf } from './market.js';
import { APIS } from './parts.js';
import { settle, type Open } from './settle.js';
import { sendPlanned } from './sources.js';
import { openStage, type Stage } from './stage.js';

export interface TortureOptions {
  seed: number;
  /** How long leads are sent and things are broken. */
  seconds: number;
  leadsPerSecond: number;
  /** Whether Temporal runs on PostgreSQL with several history shards, and not as the development server. */
  cluster: boolean;
  /** How long everything may then take to come to its end. */
  settleWithinMs: number;
  progress: Progress;
  /** Ends it before it is done. */
  signal: AbortSignal;
}

/** A step of the plan as it was played. */
export interface Played {
  lane: Lane;
  step: Step;
  /** Its start and its repair, ms since 1970. */
  at: number;
  mendedAt: number;
}

export interface Judged extends Pick<Invariant, 'name' | 'of'> {
  violations: Violation[];
}

/** The result of a run. */
export interface TortureResult {
  options: Pick<TortureOptions, 'seed' | 'seconds' | 'leadsPerSecond'>;
  /** Data and logs; kept until the next run if an invariant is violated. */
  dir: string;
  played: Played[];
  evidence: Evidence;
  open: Open;
  /** The time until everything was settled, ms. */
  settledMs: number;
  judged: Judged[];
}

/** Whether an invariant was violated or something did not finish. */
export const isBroken = ({ judged, open }: TortureResult): boolean =>
  judged.some(({ violations }) => violations.length > 0) || Object.values(open).some((count) => count > 0);

/** Runs the plan of a seed on its own servers and processes. Returns undefined if it was stopped. */
export async function runTorture(options: TortureOptions): Promise<TortureResult | undefined> {
  const { seed, cluster, signal, progress } = options;
  const dir = runDir('torture');
  const draw = drawOf(seed);
  progress('starting servers, API and workers');
  const returns = openReturns(draw);
  const stage = await openStage({ dir, draw, cluster }, returns.onBilled);
  returns.open(stage);
  const told = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  let result: TortureResult | undefined;
  try {
    result = await Promise.race([told, torture(stage, draw, options, returns)]);
    return result;
  } finally {
    progress('ending');
    await stage.close(result !== undefined && isBroken(result));
  }
}

async function torture(
  stage: Stage,
  draw: Draw,
  options: TortureOptions,
  returns: Returns,
): Promise<TortureResult> {
  const { seed, seconds, leadsPerSecond, settleWithinMs, progress } = options;
  const notes: Notes = { sent: [], answers: [], returns: returns.kept };
  const played: Played[] = [];
  let isOver = false;
  const until = Date.now() + seconds * 1000;
  const show = showing(progress, until, seconds, notes, played);
  const lanes = (['parts', 'connections', 'buyers'] as const).map((lane) =>
    playLane(stage, lane, planFaults(draw, lane), until, played),
  );
  const sending = sendLeads(stage, draw, options, notes, () => isOver);
  await Promise.all([...lanes, sending.begun]);
  clearInterval(show);

  const began = Date.now();
  const left = (): number => Math.max(0, settleWithinMs - (Date.now() - began));
  const inTime = (all: Promise<unknown>): Promise<unknown> =>
    Promise.race([all, sleep(left(), undefined, { ref: false })]);
  stage.crowd.calmDown();
  await inTime(sending.done);
  await settle(stage, left(), progress);
  // What is given back now was billed last, and may go on sale again.
  returns.close();
  await inTime(returns.done());
  const open = await settle(stage, left(), progress);
  isOver = true;
  const settledMs = Date.now() - began;
  progress('checking every invariant');
  const evidence = await gatherEvidence(stage, notes);
  const judged = INVARIANTS.map(({ name, of, check }) => ({ name, of, violations: check(evidence) }));
  return {
    options: { seed, seconds, leadsPerSecond },
    dir: stage.dir,
    played,
    evidence,
    open,
    settledMs,
    judged,
  };
}

/** Sends every lead of the plan at its time. */
function sendLeads(
  stage: Stage,
  draw: Draw,
  { seconds, leadsPerSecond }: TortureOptions,
  notes: Notes,
  isOver: () => boolean,
): { begun: Promise<void>; done: Promise<unknown> } {
  const doors = APIS.map((name) => `http://127.0.0.1:${stage.doors[name].port}`);
  const office = {
    draw,
    doors,
    keys: stage.keys.sellers,
    isOver,
    keep: (answer: Notes['answers'][number]) => void notes.answers.push(answer),
  };
  const began = Date.now();
  const sent: Promise<void>[] = [];
  const begun = (async () => {
    for (const lead of planLeads(draw, seconds, leadsPerSecond)) {
      await sleep(Math.max(0, began + lead.at - Date.now()));
      notes.sent.push(lead);
      sent.push(sendPlanned(office, lead));
    }
  })();
  return { begun, done: begun.then(() => Promise.all(sent)) };
}

/** Plays the steps of a lane one after another, until the time is over; the last one is mended all the same. */
async function playLane(
  stage: Stage,
  lane: Lane,
  steps: Iterable<Step>,
  until: number,
  played: Played[],
): Promise<void> {
  for (const step of steps) {
    await sleep(Math.min(step.afterMs, Math.max(0, until - Date.now())));
    if (Date.now() >= until) return;
    const one: Played = { lane, step, at: Date.now(), mendedAt: Infinity };
    played.push(one);
    await FAULTS[step.fault].play(stage, step);
    one.mendedAt = Date.now();
  }
}

interface Returns {
  kept: Notes['returns'];
  onBilled: Parameters<typeof openStage>[1];
  open(stage: Stage): void;
  /** From now on nobody gives back what is billed. */
  close(): void;
  done(): Promise<unknown>;
}

/** Some buyers give back some of what they are billed for, a while later. */
function openReturns(draw: Draw): Returns {
  const kept: Notes['returns'] = [];
  const asked: Promise<void>[] = [];
  let stage: Stage | undefined;
  return {
    kept,
    open: (opened) => void (stage = opened),
    close: () => void (stage = undefined),
    onBilled: (buyer, postId) => {
      const decision = stage?.crowd.buyers.find(({ id }) => id === buyer)?.decisions.get(postId);
      const { returns: share = 0 } = characterOf(buyer);
      const number = decision?.number ?? '';
      if (stage === undefined || draw('returns', buyer, number) >= share) return;
      const { doors, keys, deaths } = stage;
      const address = `http://127.0.0.1:${doors['api-1'].port}`;
      asked.push(
        sleep(draw('returns', buyer, number, 'when') * 5000)
          .then(() => giveBack(address, keys.buyers[buyer], { buyer, postId }, () => deaths.isOver))
          .then((answers) => void kept.push(...answers)),
      );
    },
    done: () => Promise.all(asked),
  };
}

const SHOW_EVERY_MS = 10_000;

function showing(
  progress: Progress,
  until: number,
  seconds: number,
  { sent, answers }: Notes,
  played: Played[],
): NodeJS.Timeout {
  return setInterval(() => {
    const left = Math.max(0, Math.round((until - Date.now()) / 1000));
    const taken = new Set(answers.filter(({ status }) => status === 200).map(({ number }) => number)).size;
    const now = played.filter(({ mendedAt }) => mendedAt === Infinity).map(({ step }) => stepInWords(step));
    progress(
      `${seconds - left} of ${seconds} s: ${taken} of ${sent.length} leads taken, ${played.length} faults; now ${now.join(', ') || 'calm'}`,
    );
  }, SHOW_EVERY_MS);
}
