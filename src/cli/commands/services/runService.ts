import { errorForLog } from '../../../errorForLog.js';
import type { Log } from '../../../log.js';

/** A process of Gavel that runs until it is stopped: an API, a worker, or both. */
export interface Service {
  /** What else is known once it is ready, such as its address; a promise if it is not ready yet. */
  ready?: object | Promise<object>;
  /** Settles when the service ends by itself, which it should not do. */
  ended?: Promise<void>;
  /** Takes nothing new, finishes what is under way, and closes the connections. */
  close: () => Promise<void>;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** How long connections that a failed start has left open may keep the process, ms. */
const LEFTOVERS_MS = 100;

/**
 * Runs a service until a signal stops it or an unexpected error breaks it. Both drain it, and then the process exits:
 * with 0 after a signal, with 1 after an error, so that its supervisor starts it again, or when draining takes longer
 * than the grace time. An error during the drain is logged and does not cut it short: what is under way has nothing to
 * do with it. A second signal ends the process at once, and so does a signal during the start, while nothing is under way.
 * @param start rejects when the service can't be started; the reason is for the person who started it
 */
export async function runService(log: Log, graceMs: number, start: () => Promise<Service>): Promise<void> {
  let service: Service | undefined;
  let exitCode = 0;
  let isDraining = false;

  const stopped = (): never => {
    log.info({ event: 'stopped' });
    process.exit(exitCode);
  };

  const drain = async ({ close }: Service): Promise<void> => {
    if (isDraining) return;
    isDraining = true;
    setTimeout(() => {
      log.error({ event: 'stopped_late', grace_ms: graceMs });
      process.exit(1);
    }, graceMs);
    await close().catch(broken);
    stopped();
  };

  const broken = (error: unknown): void => {
    log.fatal({ event: 'broken', fault: errorForLog(error) });
    exitCode = 1;
    if (service === undefined) process.exit(exitCode);
    void drain(service);
  };

  process.on('uncaughtException', broken);
  process.on('unhandledRejection', broken);
  let isStopping = false;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      log.info({ event: 'stopping', signal });
      if (service === undefined) stopped();
      else void drain(service);
    });
  }
  try {
    service = await start();
  } catch (error) {
    setTimeout(() => process.exit(1), LEFTOVERS_MS).unref();
    throw error;
  }
  const running = service;
  running.ended?.then(() => {
    if (!isDraining) broken(new Error('The service ended by itself.'));
  }, broken);
  try {
    const ready = { event: 'ready', ...(await running.ready) };
    log.info(ready);
    process.send?.(ready);
  } catch (error) {
    broken(error);
  }
}
