import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SAMPLE } from '../../src/local/demo/sample.js';
import { applyMarketText } from '../../src/local/applyMarketText.js';
import { campaignId } from '../../src/market/model/market.js';
import { NOTIFIED_PER_SECOND } from '../../src/worker/signalMarketChanges.js';
import { atMost, once, sum, timesOf, type Aim, type Times } from './aims.js';
import { lineChart, type Chart } from './charts.js';
import { untilSettled } from './kept.js';
import { load } from './load.js';
import { buyerId, SELLER } from './market.js';
import type { Run } from './onServers.js';
import type { Reply } from './source.js';
import { aimsSection, rounded, type Section } from './tables.js';
import { cpuFromNow, machine, sampleUsage, type Machine } from './usage.js';
import {
  sourceOf,
  startProduct,
  warmUp,
  watchedIn,
  withWorld,
  type Product,
  type Send,
  type World,
} from './world.js';

export interface SleepingOptions extends Run {
  /** Number of leads that wait; the change of the market lets a contract take 10,000 of them. */
  waiting: number;
  /** Number of leads before the first measurement. */
  leads: number;
}

/** The JSON output of a run with `--sleeping`. */
export interface SleepingReport {
  machine: Machine;
  waiting: number;
  /** Number of waiting leads that the change concerns. */
  concerned: number;
  /** Before the leads that wait, and with them. */
  before: AtRest;
  asleep: AtRest;
  /** Answers to new leads before the change of the market, and while it wakes the waiting ones. */
  new_leads: { before: Times; meanwhile: Times };
  woken: Woken;
  aims: Aim[];
}

/** All processes while no lead comes. */
export interface AtRest {
  /** Busy cores. */
  cores: number;
  gavel_mb: number;
  servers_mb: number;
  /** All files of the servers. */
  disk_mb: number;
}

export interface Woken {
  not_sold: number;
  per_second: number;
  /** The highest rate of ten seconds. */
  most_per_second: number;
  /** By how many places a lead was sold out of the order of receipt, at most. */
  out_of_order: number;
  /** Number of sold leads for every ten seconds after the change. */
  every_ten_s: number[];
}

const CATEGORY = 'Bench asleep';
const AT_A_TIME = 8;
const BLOCK = 500;
const REST_S = 20;
const CALM_S = 60;
const EVERY_MS = 200;
/** Leads that were only stored get their first round within this time, or the figures show it. */
const STORED_S = 1800;
/**
 * The change does not go on if no lead was sold for this time. The local database takes about a minute to find the ids of
 * 100,000 waiting leads.
 */
const IDLE_S = 180;
/** Leads that wait are due in days. An index leads to the others: the local database would read all leads else. */
const SOON_MS = 3_600_000;
/** How many of the waiting leads the change concerns, or all if there are fewer than twice as many. */
const CONCERNED = 10_000;
/** Where the others are. */
const OTHER_HOME = { state: 'OH', zip: '43004' };

/** Its only contract takes leads of other states, so leads wait until it takes theirs. */
const campaign = (...states: string[]): string => `
campaigns:
  - seller: ${SELLER}
    category: ${CATEGORY}
    required: [firstName, lastName, phone, state]
    sale: { mode: exclusive, floor: 10.00 }
    pending: { retryAfter: [7d], expireAfter: 30d }
    contracts:
      - { buyer: ${buyerId('quick', 0)}, states: [${states.join(', ')}] }
`;

/** Lets leads wait, then changes the market so that some can be sold. Undefined if aborted. */
export const runSleeping = ({
  waiting,
  leads,
  ...run
}: SleepingOptions): Promise<SleepingReport | undefined> =>
  withWorld(run, {}, async (world) => {
    const { progress } = run;
    const { database } = world;
    progress('starting Gavel');
    const product = await startProduct(world);
    const send = await sourceOf(world, product);
    await applyMarketText(database, 'market of the bench', campaign('NY'));
    progress('warming up');
    await warmUp(leads, send);
    await untilSettled(database);
    const before = await atRest(world, product);
    let begun = 0;
    const oneOf = Math.max(1, Math.floor(waiting / CONCERNED));
    const ids = new Set<string>();
    await load(waiting, AT_A_TIME, async () => {
      if (begun % BLOCK === 0) progress(`sending lead ${begun} of ${waiting}`);
      begun += 1;
      const isConcerned = begun % oneOf === 0;
      const { leadId } = await send({ category: CATEGORY, ...(isConcerned ? {} : { home: OTHER_HOME }) });
      if (isConcerned && leadId !== undefined) ids.add(leadId);
    });
    const concerned = ids.size;
    const given = Date.now() + STORED_S * 1000;
    for (;;) {
      // Some were only stored, because no worker was free in time.
      const stored = await database.leads.countDocuments({ dueAt: { $lte: new Date(Date.now() + SOON_MS) } });
      if (stored === 0 || Date.now() > given) break;
      progress(`waiting for the first round of ${stored}`);
      await sleep(5000);
    }
    progress('measuring while they wait');
    const asleep = await atRest(world, product);
    const calm = await sendSteadily(CALM_S, send);
    progress('waking them');
    const changedAt = Date.now();
    await applyMarketText(database, 'market of the bench', campaign('NY', SAMPLE.state));
    const meanwhile: Reply[] = [];
    let [woken, lastWokenAt] = [0, Date.now()];
    while (woken < concerned && Date.now() < lastWokenAt + IDLE_S * 1000) {
      progress(`waking ${concerned} of ${waiting}: ${concerned - woken} wait`);
      meanwhile.push(...(await sendSteadily(5, send)));
      const now = await database.sales.countDocuments({ campaign: campaignId(SELLER, CATEGORY) });
      if (now > woken) [woken, lastWokenAt] = [now, Date.now()];
    }
    const sales = await database.sales
      .find({ at: { $gte: new Date(changedAt) } }, { projection: { lead: 1, at: 1 } })
      .toArray();
    const sold = sales.flatMap(({ lead, at }) =>
      ids.has(lead) ? [{ lead, atMs: at.getTime() - changedAt }] : [],
    );
    return sleepingReport({ waiting, concerned, before, asleep, calm, meanwhile, sold });
  });

/** Sends new leads one after another, five a second if they are answered in time. */
async function sendSteadily(seconds: number, send: Send): Promise<Reply[]> {
  const until = performance.now() + seconds * 1000;
  const replies: Reply[] = [];
  while (performance.now() < until) {
    const next = sleep(EVERY_MS);
    replies.push(await send());
    await next;
  }
  return replies;
}

async function atRest(world: World, { processes }: Product): Promise<AtRest> {
  const servers = [...world.servers.processes.parts].filter(({ server }) => server);
  const used = cpuFromNow(watchedIn(world));
  await sleep(REST_S * 1000);
  const cpu = sum(Object.values(used().processes));
  const mb = (some: Product['processes']): number => sampleUsage(some, 60_000)()[0]?.mb ?? NaN;
  return {
    cores: cpu / (REST_S * 1000),
    gavel_mb: mb(processes),
    servers_mb: mb(servers),
    disk_mb: bytesIn(world.dir) / 1e6,
  };
}

/** A server may remove a file meanwhile. */
const bytesIn = (dir: string): number =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(dir, name), { throwIfNoEntry: false }))
    .reduce((total, file) => total + (file?.isFile() === true ? file.size : 0), 0);

export interface Sleeping {
  waiting: number;
  concerned: number;
  before: AtRest;
  asleep: AtRest;
  calm: Reply[];
  meanwhile: Reply[];
  /** The waiting leads that were sold, and when, in ms after the change. */
  sold: { lead: string; atMs: number }[];
}

export function sleepingReport({
  waiting,
  concerned,
  before,
  asleep,
  calm,
  meanwhile,
  sold,
}: Sleeping): SleepingReport {
  const woken = wokenOf(concerned, sold);
  const new_leads = { before: timesOf(calm), meanwhile: timesOf(meanwhile) };
  return {
    ...{ machine: machine(), waiting, concerned, before, asleep, new_leads, woken },
    aims: [
      atMost(0.05, 'busy cores while they wait, more than before', once(asleep.cores - before.cores)),
      atMost(1.25 * NOTIFIED_PER_SECOND, 'leads woken a second, at most', once(woken.most_per_second)),
      atMost(
        1.5,
        'p50 of new leads meanwhile, to that before',
        once(new_leads.meanwhile.p50_ms / new_leads.before.p50_ms),
      ),
      atMost(
        5 * NOTIFIED_PER_SECOND,
        'places out of the order of receipt, at most',
        once(woken.out_of_order),
      ),
      atMost(0, 'leads not sold in the end', once(woken.not_sold)),
    ],
  };
}

function wokenOf(concerned: number, sold: Sleeping['sold']): Woken {
  const bySale = sold.toSorted((a, b) => a.atMs - b.atMs);
  // Ids of leads begin with the time of receipt.
  const byReceipt = new Map(
    sold
      .map(({ lead }) => lead)
      .toSorted()
      .map((lead, i) => [lead, i]),
  );
  const [first, last] = [bySale[0]?.atMs ?? NaN, bySale.at(-1)?.atMs ?? NaN];
  const every_ten_s = Array.from(
    { length: Math.ceil((last + 1) / 10_000) || 0 },
    (_, i) => sold.filter(({ atMs }) => Math.floor(atMs / 10_000) === i).length,
  );
  return {
    not_sold: concerned - sold.length,
    per_second: ((sold.length - 1) / (last - first)) * 1000,
    most_per_second: Math.max(0, ...every_ten_s) / 10,
    out_of_order: Math.max(0, ...bySale.map(({ lead }, i) => Math.abs((byReceipt.get(lead) ?? 0) - i))),
    every_ten_s,
  };
}

export function sleepingSections({
  waiting,
  concerned,
  before,
  asleep,
  new_leads,
  woken,
  aims,
}: SleepingReport): Section[] {
  const rest = (name: string, { cores, gavel_mb, servers_mb, disk_mb }: AtRest): string[] => [
    name,
    ...[cores, gavel_mb, servers_mb, disk_mb].map(rounded),
  ];
  const times = (name: string, { p50_ms, p99_ms }: Times): string[] => [
    name,
    rounded(p50_ms),
    rounded(p99_ms),
  ];
  return [
    {
      title: 'All processes while no lead comes',
      rows: [
        ['leads that wait', 'busy cores', 'memory of Gavel, MB', 'of the servers, MB', 'disk, MB'],
        rest('0', before),
        rest(`${waiting}`, asleep),
      ],
    },
    {
      title: 'New leads, five a second',
      rows: [
        ['when', 'p50 ms', 'p99 ms'],
        times('before the change', new_leads.before),
        times('while it wakes the waiting ones', new_leads.meanwhile),
      ],
    },
    {
      title: `The ${concerned} waiting leads that the change concerns`,
      rows: [
        ['what', 'number'],
        ['sold a second', rounded(woken.per_second)],
        ['sold a second, at most in ten seconds', rounded(woken.most_per_second)],
        ['places out of the order of receipt, at most', `${woken.out_of_order}`],
        ['not sold', `${woken.not_sold}`],
      ],
    },
    aimsSection(aims),
  ];
}

export const sleepingCharts = ({ woken, concerned }: SleepingReport): Record<string, Chart> => ({
  sleeping: lineChart({
    ...{ title: `${concerned} waiting leads after a change`, unit: 'sold a second', across: 'seconds' },
    lines: [
      {
        name: 'sold a second',
        points: woken.every_ten_s.map((count, i): [number, number] => [(i + 1) * 10, count / 10]),
      },
    ],
  }),
});
