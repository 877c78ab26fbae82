import { setTimeout as sleep } from 'node:timers/promises';
import { between, oneOf, shuffled, type Draw } from './draw.js';
import type { LinkState } from './link.js';
import { BUYER_IDS, FLEETING, type BuyerId } from './market.js';
import { APIS, PARTS, PROCESSES, SERVERS, WORKERS, type PartName, type ProcessName } from './parts.js';
import type { Stage } from './stage.js';

/** One fault of the plan, as plain data. */
export interface Step {
  fault: FaultName;
  /** What is hurt. */
  parts: PartName[];
  /** What else is at the other end: of a connection the server, of buyers who. */
  to?: PartName | BuyerId;
  /** How long it lasts before it is mended, ms. */
  lastsMs: number;
  /** Calm before it, ms. */
  afterMs: number;
}

/** Faults of one lane come one after another, those of different lanes at the same time. */
export type Lane = 'parts' | 'connections' | 'buyers';

interface Fault {
  lane: Lane;
  /** What it counts as in the figures. */
  counts: 'kills' | 'pauses' | 'cuts' | 'delays' | 'restarts' | 'buyers away';
  does: string;
  expected: string;
  /** Every form that it takes in a plan; each comes up once before one comes up again. */
  forms: readonly Pick<Step, 'parts' | 'to'>[];
  /** From and to how long it lasts, ms. */
  lasts: readonly [number, number];
  /** Does it, waits, and mends it; resolves when it is mended. */
  play: (stage: Stage, step: Step) => Promise<void>;
}

/** Of two processes of a kind either may be meant; the seed says which. */
const kinds: readonly PartName[] = [...SERVERS, 'api-1', 'worker-1'];
const pairs = kinds.flatMap((one, i) => kinds.slice(i + 1).map((other) => ({ parts: [one, other] })));
const single = (parts: readonly PartName[]) => parts.map((part) => ({ parts: [part] }));
const ways = PROCESSES.flatMap((from) => SERVERS.map((to) => ({ parts: [from], to })));

const kill = async (stage: Stage, { parts, lastsMs }: Step): Promise<void> => {
  await Promise.all(parts.map((part) => stage.parts[part].kill()));
  await sleep(lastsMs);
  await Promise.all(parts.map((part) => stage.parts[part].start()));
};

const pause = async (stage: Stage, { parts, lastsMs }: Step): Promise<void> => {
  for (const part of parts) stage.parts[part].pause();
  await sleep(lastsMs);
  for (const part of parts) stage.parts[part].resume();
};

/** How long a lead with a deadline is waited for, ms. */
const PATIENCE_MS = 10_000;

/** Waits until so shortly before a lead's end; where none is to come, it is over as well. */
async function shortlyBeforeADeadline({ database }: Stage, beforeMs: number): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  const open = { campaign: FLEETING.campaign, status: { $in: ['received', 'pending'] as const } };
  while (Date.now() < giveUpAt) {
    const leads = await database.leads
      .find(open, { projection: { receivedAt: 1 } })
      .toArray()
      .catch(() => []);
    const deadlines = leads.map(({ receivedAt }) => receivedAt.getTime() + FLEETING.expireAfterMs);
    const next = Math.min(...deadlines.filter((deadline) => deadline - beforeMs > Date.now()));
    if (next !== Infinity) {
      await sleep(next - beforeMs - Date.now());
      return;
    }
    await sleep(200);
  }
}

const restart = async ({ processes }: Stage, { parts }: Step): Promise<void> => {
  for (const name of parts) {
    const part = processes[name as ProcessName];
    await part.end();
    await part.start();
  }
};

const onWay =
  (state: LinkState) =>
  async ({ links }: Stage, { parts, to, lastsMs }: Step): Promise<void> => {
    const some = parts.flatMap((from) =>
      SERVERS.flatMap((server) => (server === to ? [links[from as ProcessName][server]] : [])),
    );
    for (const link of some) link.set(state);
    await sleep(lastsMs);
    for (const link of some) link.set('open');
  };

const SOURCES_HEAR = 'sources hear 200, or 503, or 408, or nothing, and send again';

/** Everything that is broken on purpose, with what must come of it beside every invariant. */
export const FAULTS = {
  kill: {
    lane: 'parts',
    counts: 'kills',
    does: 'kill -9, started again at once',
    expected: `${SOURCES_HEAR}; what was acknowledged is still there; leads under way go on where they were`,
    forms: single(kinds),
    lasts: [0, 1000],
    play: kill,
  },
  killForLong: {
    lane: 'parts',
    counts: 'kills',
    does: 'kill -9, started again after 7 to 15 s: longer than some leads live and most wait',
    expected:
      'database away: 503, nothing half done. Temporal or workers away: leads are taken, answered `pending`, sold or ended later. Counter store away: nobody notices',
    forms: single(kinds),
    lasts: [7000, 15_000],
    play: kill,
  },
  killPair: {
    lane: 'parts',
    counts: 'kills',
    does: 'kill -9 of two at the same moment',
    expected: 'the same as for each of them',
    forms: [...pairs, { parts: [...APIS] }, { parts: [...WORKERS] }],
    lasts: [0, 5000],
    play: kill,
  },
  killAll: {
    lane: 'parts',
    counts: 'kills',
    does: 'kill -9 of everything: the power goes',
    expected: 'what was answered 200 goes on when it is back',
    forms: [{ parts: [...PARTS] }],
    lasts: [500, 3000],
    play: async (stage, { lastsMs }) => {
      await Promise.all(PARTS.map((part) => stage.parts[part].kill()));
      await sleep(lastsMs);
      await Promise.all(SERVERS.map((part) => stage.parts[part].start()));
      await Promise.all(PROCESSES.map((part) => stage.parts[part].start()));
    },
  },
  killAsItStarts: {
    lane: 'parts',
    counts: 'kills',
    does: 'kill -9 of a process, started again and killed again while it starts',
    expected: 'nothing is left half prepared; the third start runs',
    forms: single(['api-1', 'worker-1']),
    lasts: [300, 4000],
    play: async ({ parts }, { parts: [name], lastsMs }) => {
      const part = parts[name ?? 'worker-1'];
      await part.kill();
      void part.start();
      await sleep(lastsMs);
      await part.kill();
      await part.start();
    },
  },
  pause: {
    lane: 'parts',
    counts: 'pauses',
    does: 'SIGSTOP for 1 to 4 s',
    expected: 'what waits for it goes on when it does',
    forms: single(kinds),
    lasts: [1000, 4000],
    play: pause,
  },
  pauseForLong: {
    lane: 'parts',
    counts: 'pauses',
    does: 'SIGSTOP for 11 to 20 s: others have taken over its work when it wakes up in the middle of it',
    expected: 'what it then does was done already and changes nothing: no second post id, no second booking',
    forms: single(kinds),
    lasts: [11_000, 20_000],
    play: pause,
  },
  pausePair: {
    lane: 'parts',
    counts: 'pauses',
    does: 'SIGSTOP of two at the same moment',
    expected: 'the same as for each of them',
    forms: [...pairs, { parts: [...WORKERS] }],
    lasts: [2000, 12_000],
    play: pause,
  },
  pauseAcrossADeadline: {
    lane: 'parts',
    counts: 'pauses',
    does: 'SIGSTOP of the database, of Temporal or of every worker from shortly before a lead’s time is over until shortly after, 1 to 3 s',
    expected: 'the lead ends once: `expired`, or `sold` where a post was out that is accepted',
    forms: [...single(['database', 'temporal']), { parts: [...WORKERS] }],
    lasts: [1000, 3000],
    play: async (stage, step) => {
      await shortlyBeforeADeadline(stage, step.lastsMs / 2);
      await pause(stage, step);
    },
  },
  restart: {
    lane: 'parts',
    counts: 'restarts',
    does: 'SIGTERM to one process after another, each replaced by a new one: a rolling restart',
    expected: 'no request is dropped, no step is left in the middle',
    forms: [{ parts: [...APIS] }, { parts: [...PROCESSES] }],
    lasts: [0, 1000],
    play: restart,
  },
  newerBuild: {
    lane: 'parts',
    counts: 'restarts',
    does: 'the same to the workers, each replaced by one of a newer build',
    expected: 'leads under way, and those that sleep, go on under the newer build from their next step on',
    forms: [{ parts: [...WORKERS] }],
    lasts: [0, 1000],
    play: async (stage, step) => {
      const build = `build-${Date.now()}`;
      for (const name of WORKERS) stage.processes[name].renew(build);
      await restart(stage, step);
    },
  },
  break: {
    lane: 'connections',
    counts: 'cuts',
    does: 'breaks every connection from a process to a server once',
    expected: 'the step is repeated on a new connection; what was done before it broke is not done again',
    forms: ways,
    lasts: [0, 0],
    play: async ({ links }, { parts: [from], to }) => {
      links[from as ProcessName][to as 'database'].break();
    },
  },
  cutOff: {
    lane: 'connections',
    counts: 'cuts',
    does: 'cuts a process off from a server for 2 to 12 s, while the others reach it',
    expected: 'the others go on; this one answers 503 or takes leads without it, and recovers by itself',
    forms: ways,
    lasts: [2000, 12_000],
    play: onWay('cut'),
  },
  silence: {
    lane: 'connections',
    counts: 'cuts',
    does: 'keeps a process’s connections to a server open and lets nothing through for 2 to 12 s',
    expected: 'a server that is silent is one that is away, after seconds',
    forms: ways,
    lasts: [2000, 12_000],
    play: onWay('silent'),
  },
  delay: {
    lane: 'connections',
    counts: 'delays',
    does: 'delays whatever a process and a server say to each other by 0.3 s, for 2 to 8 s',
    expected: 'leads take longer, and are answered `pending` where that is too long',
    forms: ways,
    lasts: [2000, 8000],
    play: onWay({ delayMs: 300 }),
  },
  breakSources: {
    lane: 'connections',
    counts: 'cuts',
    does: 'breaks the connections of all sources to an API process in the middle of their requests',
    expected: 'sent again with its `Idempotency-Key`, each is one lead',
    forms: single(APIS),
    lasts: [0, 0],
    play: async ({ doors }, { parts: [api] }) => doors[api as 'api-1'].break(),
  },
  buyerAway: {
    lane: 'buyers',
    counts: 'buyers away',
    does: 'a buyer is away for 3 to 12 s: every connection is broken, new ones too',
    expected: 'the others buy; what was posted to it is sent again or called off; notices wait',
    forms: BUYER_IDS.filter((id) => id !== 'wingtip').map((to) => ({ parts: [], to })),
    lasts: [3000, 12_000],
    play: async ({ crowd }, { to, lastsMs }) => {
      const buyer = crowd.buyers.find(({ id }) => id === to);
      buyer?.link.set('cut');
      await sleep(lastsMs);
      buyer?.link.set('open');
    },
  },
  sellerAway: {
    lane: 'buyers',
    counts: 'buyers away',
    does: 'the sellers’ addresses for postbacks are away for 3 to 12 s',
    expected: 'leads are sold all the same; the postbacks come later',
    forms: [{ parts: [] }],
    lasts: [3000, 12_000],
    play: async ({ crowd }, { lastsMs }) => {
      const links = Object.values(crowd.sellers).map(({ link }) => link);
      for (const link of links) link.set('cut');
      await sleep(lastsMs);
      for (const link of links) link.set('open');
    },
  },
} satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;

const faultOf = (name: FaultName): Fault => FAULTS[name];

/** Calm between two faults of a lane, from and to, ms. */
const CALM: Record<Lane, readonly [number, number]> = {
  parts: [500, 4000],
  connections: [500, 4000],
  buyers: [4000, 12_000],
};

/** All faults of a lane in an order that the seed makes, round after round: every form once before one comes again. */
export function* planFaults(draw: Draw, lane: Lane): Generator<Step> {
  const forms = (Object.keys(FAULTS) as FaultName[])
    .filter((fault) => faultOf(fault).lane === lane)
    .flatMap((fault) => faultOf(fault).forms.map((form) => ({ fault, ...form })));
  for (let round = 1; ; round += 1) {
    for (const [i, form] of shuffled(forms, draw, 'order', lane, round).entries()) {
      const of = (word: string): number => draw('fault', lane, round, i, word);
      const [shortest, longest] = faultOf(form.fault).lasts;
      const [least, most] = CALM[lane];
      yield {
        ...form,
        parts: isOneOfEach(form.parts) ? form.parts.map((part) => eitherOf(part, of(part))) : form.parts,
        lastsMs: between(of('lasts'), shortest, longest),
        afterMs: between(of('after'), least, most),
      };
    }
  }
}

const isOneOfEach = (parts: readonly PartName[]): boolean =>
  new Set(parts.map((part) => part.split('-')[0])).size === parts.length;

/** In a form that names one process of a kind, either is meant. */
function eitherOf(part: PartName, drawn: number): PartName {
  if (part === 'api-1') return oneOf(drawn, APIS);
  if (part === 'worker-1') return oneOf(drawn, WORKERS);
  return part;
}

/** A step in words: `kill api-1, database (1.2 s)`. */
export const stepInWords = ({ fault, parts, to, lastsMs }: Step): string =>
  `${fault} ${[...parts, to].filter(Boolean).join(', ')} (${(lastsMs / 1000).toFixed(1)} s)`;
