import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ConnectionLike } from '@temporalio/client';
import type { Settings, TemporalSettings } from '../config.js';
import type { LeadFacts, PingFacts } from '../market/model/lead.js';
import type { Log } from '../log.js';
import { openConnection } from './connection.js';
import { resolvePost, retryNow, type LeadWorkflowCalls, notifyWithdrawn } from './leadWorkflowClient.js';
import { startLead, startPing } from './startLead.js';

/** Starts leads' workflows for the API. */
export interface LeadStarter extends LeadWorkflowCalls {
  /**
   * Starts the workflow of a stored lead, or of one that a buyer has given back. Waits for nothing and never fails: the
   * sweep starts a lead that this call could not.
   */
  start(lead: LeadFacts): void;
  /** Starts the workflow of a stored ping. Waits for nothing and never fails: without it, the ping has no answer. */
  startPing(ping: PingFacts): void;
  /** See `notifyWithdrawn`. Waits for nothing. */
  notifyWithdrawn(leadId: string): void;
  /** Rejects when Temporal does not answer. */
  ready(): Promise<void>;
  /**
   * Gives up starts that take too long, and waits for the other calls under way: their time is limited. The connection is
   * closed once nothing uses it.
   */
  close(): Promise<void>;
}

/** Timeout of a start, ms. */
const START_WITHIN_MS = 10_000;
/** How long a closing process waits for starts under way, ms. */
const FINISH_WITHIN_MS = 1000;

type StarterSettings = TemporalSettings & Pick<Settings, 'TASK_QUEUE'>;

/**
 * Connects when first used, and again whenever the connection was lost.
 * @param worker the connection of a worker in this process, once it has one: leads are then started over it, and the worker
 *   gets a lead's first task with the answer to the start, if it has a free slot
 */
export function openLeadStarter(
  settings: StarterSettings,
  log: Log,
  worker?: Promise<ConnectionLike>,
): LeadStarter {
  const connection = openConnection(settings);
  const client = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });
  let eagerClient: Client | undefined;
  worker?.then(
    (shared) => (eagerClient = new Client({ connection: shared, namespace: settings.TEMPORAL_NAMESPACE })),
    () => undefined,
  );
  const underWay = new Set<Promise<unknown>>();
  const starting = new Map<AbortController, Promise<void>>();

  /** A retry on a closed connection throws inside a timer, where it can't be caught: closing waits for pending calls. */
  function noted<T>(call: Promise<T>): Promise<T> {
    const over = (): void => void underWay.delete(call);
    underWay.add(call);
    call.then(over, over);
    return call;
  }

  async function begin(
    start: (starter: Client, options: { withinMs: number; eager: boolean }) => Promise<void>,
  ): Promise<void> {
    const options = { withinMs: START_WITHIN_MS, eager: eagerClient !== undefined };
    const starter = eagerClient ?? client;
    // One for each call: the client never lets go of what listens to a signal.
    const call = new AbortController();
    const started = starter
      .withAbortSignal(call.signal, () => start(starter, options))
      .finally(() => starting.delete(call));
    starting.set(call, started);
    // The client notices neither an abort nor a deadline while it pauses between two tries.
    await Promise.race([started, whenAborted(call.signal)]);
  }

  const notStarted = (leadId: string, error: unknown): void => {
    const why = error instanceof Error ? error.name : 'unknown';
    log.warn({ lead_id: leadId, event: 'not_started', why });
  };
  const { TASK_QUEUE: queue } = settings;

  return {
    start: (lead) => {
      noted(begin((starter, options) => startLead(starter, lead, queue, options))).catch((error: unknown) =>
        notStarted(lead.leadId, error),
      );
    },
    startPing: (ping) => {
      noted(begin((starter, options) => startPing(starter, ping, queue, options))).catch((error: unknown) =>
        notStarted(ping.pingId, error),
      );
    },
    notifyWithdrawn: (leadId) => void noted(notifyWithdrawn(client, leadId)),
    resolvePost: (leadId, decision) => noted(resolvePost(client, leadId, decision)),
    retryNow: (leadId) => noted(retryNow(client, leadId)),
    async ready() {
      await noted(
        client.withDeadline(Date.now() + 1000, () =>
          connection.workflowService.describeNamespace({ namespace: settings.TEMPORAL_NAMESPACE }),
        ),
      );
    },
    close: async () => {
      const over = Promise.allSettled(underWay);
      await Promise.race([over, sleep(FINISH_WITHIN_MS, undefined, { ref: false })]);
      const givenUp = [...starting.values()];
      for (const call of starting.keys()) call.abort();
      await over;
      const closed = Promise.allSettled(givenUp).then(() => connection.close());
      if (givenUp.length === 0) await closed;
    },
  };
}

/** Rejects when the signal is aborted. */
const whenAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
