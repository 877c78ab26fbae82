import { setTimeout as sleep } from 'node:timers/promises';
import { between, oneOf, shuffled, type Draw } from './draw.js';
import type { LinkState } from './link.js';
import { BUYER_IDS, FLEETING, type BuyerId } from './market.js';
import { APIS, PARTS, PROCESSES, SERVERS, WORKERS, type PartName, type ProcessName } from './parts.js';
import type { Stage } from './stage.js';

/** One fault of the plan, as plain data. */
export interface Step {
  fault: FaultName;
  /** The parts that are affected. */
  parts: PartName[];
  /** The other end: the server of a connection, or the buyer. */
  to?: PartName | BuyerId;
  /** Its duration, ms. */
  lastsMs: number;
  /** The pause before it, ms. */
  afterMs: number;
}

/** Faults of one lane are injected one after another; different lanes run at the same time. */
export type Lane = 'parts' | 'connections' | 'buyers';

interface Fault {
  lane: Lane;
  /** The figure that counts it. */
  counts: 'kills' | 'pauses' | 'cuts' | 'delays' | 'restarts' | 'buyers away';
  does: string;
  expected: string;
  /** Its variants in a plan; each is used once before one is repeated. */
  forms: readonly Pick<Step, 'parts' | 'to'>[];
  /** Minimum and maximum duration, ms. */
  lasts: readonly [number, number];
  /** Injects the fault, waits, and repairs it; resolves after the repair. */
  play: (stage: Stage, step: Step) => Promise<void>;
}

/** `api-1` and `worker-1` stand for either process of their kind; the seed decides. */
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

/** How long to wait for a lead with a deadline, ms. */
const PATIENCE_MS = 10_000;

/** Waits until `beforeMs` before a lead's deadline; gives up if there is none. */
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

const SOURCES_HEAR = 'sources get 200, 503, 408 or no answer, and retry';

/** The injected faults, each with its expected result in addition to the invariants. */
export const FAULTS = {
  kill: {
    lane: 'parts',
    counts: 'kills',
    does: 'kill -9, restarted immediately',
    expected: `${SOURCES_HEAR}; acknowledged data are still there; leads in progress continue`,
    forms: single(kinds),
    lasts: [0, 1000],
    play: kill,
  },
  killForLong: {
    lane: 'parts',
    counts: 'kills',
    does: 'kill -9, restarted after 7 to 15 s: longer than some leads live and most wait',
    expected:
      'database down: 503, nothing half done. Temporal or workers down: leads are accepted, answered `pending`, sold or ended later. Redis down: no visible effect',
    forms: single(kinds),
    lasts: [7000, 15_000],
    play: kill,
  },
  killPair: {
    lane: 'parts',
    counts: 'kills',
    does: 'kill -9 of two parts at the same moment',
    expected: 'the same as for each of them',
    forms: [...pairs, { parts: [...APIS] }, { parts: [...WORKERS] }],
    lasts: [0, 5000],
    play: kill,
  },
  killAll: {
    lane: 'parts',
    counts: 'kills',
    does: 'kill -9 of everything, like a power failure',
    expected: 'leads that were answered 200 continue after the restart',
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
    does: 'kill -9 of a process, restarted and killed again during its start',
    expected: 'no partial state is left; the third start succeeds',
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
    expected: 'waiting callers continue when it does',
    forms: single(kinds),
    lasts: [1000, 4000],
    play: pause,
  },
  pauseForLong: {
    lane: 'parts',
    counts: 'pauses',
    does: 'SIGSTOP for 11 to 20 s: it resumes in the middle of work that others have taken over',
    expected:
      'its remaining steps have already been done and change nothing: no second post id, no second booking',
    forms: single(kinds),
    lasts: [11_000, 20_000],
    play: pause,
  },
  pausePair: {
    lane: 'parts',
    counts: 'pauses',
    does: 'SIGSTOP of two parts at the same moment',
    expected: 'the same as for each of them',
    forms: [...pairs, { parts: [...WORKERS] }],
    lasts: [2000, 12_000],
    play: pause,
  },
  pauseAcrossADeadline: {
    lane: 'parts',
    counts: 'pauses',
    does: 'SIGSTOP of the database, of Temporal or of all workers across a lead’s deadline, 1 to 3 s',
    expected: 'the lead ends once: `expired`, or `sold` if a post in flight is accepted',
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
    does: 'a rolling restart: SIGTERM to one process after another, each replaced by a new one',
    expected: 'no request is dropped, no step is interrupted',
    forms: [{ parts: [...APIS] }, { parts: [...PROCESSES] }],
    lasts: [0, 1000],
    play: restart,
  },
  newerBuild: {
    lane: 'parts',
    counts: 'restarts',
    does: 'the same for the workers, each replaced by one of a newer build',
    expected: 'active and waiting leads continue on the newer build from their next step',
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
    does: 'breaks all connections from a process to a server once',
    expected: 'the step is retried on a new connection; completed work is not repeated',
    forms: ways,
    lasts: [0, 0],
    play: async ({ links }, { parts: [from], to }) => {
      links[from as ProcessName][to as 'database'].break();
    },
  },
  cutOff: {
    lane: 'connections',
    counts: 'cuts',
    does: 'cuts one process off from a server for 2 to 12 s',
    expected:
      'the others continue; this one answers 503 or accepts leads without the server, and recovers automatically',
    forms: ways,
    lasts: [2000, 12_000],
    play: onWay('cut'),
  },
  silence: {
    lane: 'connections',
    counts: 'cuts',
    does: 'keeps a process’s connections to a server open but passes no data for 2 to 12 s',
    expected: 'a silent server is treated as down within seconds',
    forms: ways,
    lasts: [2000, 12_000],
    play: onWay('silent'),
  },
  delay: {
    lane: 'connections',
    counts: 'delays',
    does: 'delays the traffic between a process and a server by 0.3 s, for 2 to 8 s',
    expected: 'leads take longer, and are answered `pending` if that is too long',
    forms: ways,
    lasts: [2000, 8000],
    play: onWay({ delayMs: 300 }),
  },
  breakSources: {
    lane: 'connections',
    counts: 'cuts',
    does: 'breaks all sources’ connections to an API process during their requests',
    expected: 'each retry with its `Idempotency-Key` yields one lead',
    forms: single(APIS),
    lasts: [0, 0],
    play: async ({ doors }, { parts: [api] }) => doors[api as 'api-1'].break(),
  },
  buyerAway: {
    lane: 'buyers',
    counts: 'buyers away',
    does: 'a buyer is down for 3 to 12 s: existing and new connections are broken',
    expected: 'the others buy; posts to it are retried or cancelled; notices wait',
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
    does: 'the sellers’ postback servers are down for 3 to 12 s',
    expected: 'leads are sold as usual; the postbacks arrive later',
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

/** Minimum and maximum pause between two faults of a lane, ms. */
const CALM: Record<Lane, readonly [number, number]> = {
  parts: [500, 4000],
  connections: [500, 4000],
  buyers: [4000, 12_000],
};

/** All faults of a lane, endlessly, in an order given by the seed: every variant once before one is repeated. */
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

/** Resolves `api-1` and `worker-1` to either process of the kind. */
function eitherOf(part: PartName, drawn: number): PartName {
  if (part === 'api-1') return oneOf(drawn, APIS);
  if (part === 'worker-1') return oneOf(drawn, WORKERS);
  return part;
}

/** Describes a step: `kill api-1, database (1.2 s)`. */
export const stepInWords = ({ fault, parts, to, lastsMs }: Step): string =>
  `${fault} ${[...parts, to].filter(Boolean).join(', ')} (${(lastsMs / 1000).toFixed(1)} s)`;
