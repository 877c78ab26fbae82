import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { once } from 'node:events';
import { statfs } from 'node:fs/promises';
import { createServer } from 'node:http';
import { networkInterfaces } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import ipaddr from 'ipaddr.js';
import { SettingsError, type Settings } from './config.js';

/*
 * What a process measures of itself and of the market, as Prometheus reads it. Labels are names of the market (buyers,
 * campaigns, routes, reasons), of which there are few; never a lead and never a person.
 */
const exporter = new PrometheusExporter({
  preventServerStart: true,
  withoutScopeInfo: true,
  withoutTargetInfo: true,
});
const meter = new MeterProvider({ readers: [exporter] }).getMeter('gavel');

/** From a counter's answer to a buyer that takes a minute, seconds. */
const explicitBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Durations are counted in seconds, as Prometheus has them (https://prometheus.io/docs/practices/naming/). */
function seconds(name: string, description: string): (ms: number, labels: Record<string, string>) => void {
  const histogram = meter.createHistogram(name, { description, advice: { explicitBucketBoundaries } });
  return (ms, labels) => histogram.record(ms / 1000, labels);
}

function count(name: string, description: string): (by: number, labels: Record<string, string>) => void {
  const counter = meter.createCounter(name, { description });
  return (by, labels) => counter.add(by, labels);
}

export const metrics = {
  request: seconds('gavel_request_seconds', 'Requests that an API answered, by route and status'),
  connectionDropped: count(
    'gavel_connections_dropped',
    'Connections closed at once because MAX_CONNECTIONS was reached',
  ),
  leadAnswered: count('gavel_leads_answered', 'Leads by what their source was answered'),
  leadDeferred: count(
    'gavel_leads_deferred',
    'Leads answered `pending` because more were sent than could be sold at once',
  ),
  unread: count(
    'gavel_values_unread',
    'Values that could not be read and were kept as sent, by seller, source and field: a broken form shows here',
  ),
  ping: seconds('gavel_ping_seconds', 'Pings by buyer and outcome: bid, or the reason why not'),
  post: seconds('gavel_post_seconds', 'Posts by buyer and outcome: accepted, refused or uncertain'),
  buyerFailing: count(
    'gavel_buyer_failing',
    'Times that a buyer failed five times in a row, by buyer, pings or posts, and reason: its circuit opens after ten',
  ),
  circuitOpened: count(
    'gavel_circuit_opened',
    'Times that a circuit opened, so that a buyer is left out, by buyer, pings or posts, and reason',
  ),
  sale: count('gavel_sales', 'Sales by campaign and buyer, test leads left out'),
  spent: count('gavel_spent', 'What buyers paid for these sales, by campaign, buyer and currency'),
  unsold: count('gavel_leads_unsold', 'Leads that ended unsold: expired or withdrawn'),
  notificationAttempt: seconds(
    'gavel_notice_seconds',
    'Attempts to deliver postbacks, notices and e-mails with several leads, by kind and whether they were delivered',
  ),
} as const;

/** What a process looks up when its metrics are read. It sets what it knows; what is not set is not served. */
export const gaugeSources: {
  /** The parts that it needs, and whether each is there. */
  ready?: () => Promise<Record<string, boolean>>;
  /** The moment that the last complete backup shows; undefined: there is none. */
  lastBackup?: () => Promise<Date | undefined>;
  /** How many posts wait for the decision of ops, and since when the oldest of them does. */
  heldPosts?: () => Promise<{ count: number; oldest: Date | undefined }>;
} = {};

/** How long one look-up may take, ms: metrics are read most urgently while the database does not answer. */
const LOOK_UP_MS = 2000;

/** What a look-up finds; undefined if the process does not know it, or it fails or takes too long. */
async function lookUp<T>(read: (() => Promise<T>) | undefined): Promise<T | undefined> {
  const late = setTimeout(LOOK_UP_MS, undefined, { ref: false });
  return Promise.race([read?.().catch(() => undefined), late]);
}

type Observe = Parameters<ReturnType<typeof meter.createObservableGauge>['addCallback']>[0];

function gauge(name: string, description: string, observe: Observe): void {
  meter.createObservableGauge(name, { description }).addCallback(observe);
}

gauge('gavel_ready', 'Whether a part that this process needs is there: 1 or 0', async (result) => {
  const parts = (await lookUp(gaugeSources.ready)) ?? {};
  for (const [part, isThere] of Object.entries(parts)) result.observe(isThere ? 1 : 0, { part });
});

let knownBackup: { at?: Date } | undefined;
gauge('gavel_backup_age_seconds', 'How long ago the last complete backup was made', async (result) => {
  // While the database is away, the age goes on from the backup that was last seen there.
  const { lastBackup } = gaugeSources;
  knownBackup = (await lookUp(lastBackup && (async () => ({ at: await lastBackup() })))) ?? knownBackup;
  if (knownBackup === undefined) return;
  const { at } = knownBackup;
  result.observe(at === undefined ? Infinity : (Date.now() - at.getTime()) / 1000);
});

const heldPosts = meter.createObservableGauge('gavel_held_posts', {
  description:
    'Posts without a clear answer that wait for the decision of ops; each worker knows all of them',
});
const oldestHeldPost = meter.createObservableGauge('gavel_held_posts_oldest_seconds', {
  description: 'For how long the oldest of them has waited; 0 if there is none',
});
meter.addBatchObservableCallback(
  async (result) => {
    const held = await lookUp(gaugeSources.heldPosts);
    if (held === undefined) return;
    const { count, oldest } = held;
    result.observe(heldPosts, count);
    result.observe(oldestHeldPost, oldest === undefined ? 0 : (Date.now() - oldest.getTime()) / 1000);
  },
  [heldPosts, oldestHeldPost],
);

const delay = monitorEventLoopDelay();
gauge(
  'nodejs_eventloop_lag_p99_seconds',
  'Event-loop delay since the last scrape, 99th percentile',
  (result) => {
    result.observe(delay.percentile(99) / 1e9);
    delay.reset();
  },
);
gauge('process_resident_memory_bytes', 'Memory that the process has', (result) =>
  result.observe(process.memoryUsage.rss()),
);
gauge(
  'gavel_disk_free_ratio',
  'Free share of the disk that this process runs on; in a container it is the disk of Docker',
  async (result) => {
    const disk = await lookUp(() => statfs('/'));
    if (disk !== undefined && disk.blocks > 0) result.observe(disk.bavail / disk.blocks);
  },
);

/**
 * Answers `GET /metrics` if the settings name a port; nothing else is there, and no key is asked for.
 * @throws SettingsError when the port can't be had
 */
export async function serveMetrics({
  METRICS_HOST,
  METRICS_PORT,
}: Pick<Settings, 'METRICS_HOST' | 'METRICS_PORT'>): Promise<{ close(): Promise<void> }> {
  if (METRICS_PORT === 0) return { close: async () => undefined };
  const host = addressOf(METRICS_HOST);
  delay.enable();
  const server = createServer((request, response) => {
    if (request.method === 'GET' && request.url === '/metrics')
      exporter.getMetricsRequestHandler(request, response);
    else response.writeHead(404, { 'content-type': 'text/plain' }).end('Only GET /metrics is here.\n');
  });
  server.listen(METRICS_PORT, host);
  await once(server, 'listening').catch((error: unknown) => {
    const why = error instanceof Error ? error.message : 'unknown';
    throw new SettingsError(
      `Metrics can't be served on port ${METRICS_PORT} of ${METRICS_HOST} (${why}). Set METRICS_PORT to a free port, or to 0 for none.`,
    );
  });
  // A connection that can't be accepted is no reason to end the process.
  server.on('error', () => undefined);
  server.unref();
  return {
    close: async () => {
      delay.disable();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The address itself, or this machine's in a network: a container has one that is known only when it runs. */
function addressOf(host: string): string {
  if (!host.includes('/')) return host;
  const network = ipaddr.isValidCIDR(host) ? ipaddr.parseCIDR(host) : undefined;
  const own = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
  const found = own.find(({ address }) => {
    const parsed = ipaddr.parse(address);
    return network?.[0].kind() === parsed.kind() && parsed.match(network);
  });
  if (found !== undefined) return found.address;
  throw new SettingsError(
    `This machine has no address in METRICS_HOST ${host}. Set it to one of its networks, or to an address.`,
  );
}
