import { Runtime, type Logger, type LogLevel } from '@temporalio/worker';
import type { Log } from '../log.js';

/**
 * Forwards the Temporal SDK's messages to our log. Call it once a process, before any other use of the SDK. Only names,
 * ids and error messages are forwarded, never payloads.
 */
export function logSdkMessages(log: Log): void {
  const write = (level: LogLevel, message: string, metadata: Partial<Record<string, unknown>> = {}) => {
    const { workflowId, activityType, attempt, isLocal, state, error } = metadata;
    const why = error instanceof Error ? error.message : undefined;
    const known = { event: 'temporal_sdk', workflowId, activityType, attempt, isLocal, state, why };
    if (level === 'ERROR') log.error(known, message);
    else if (level === 'WARN') log.warn(known, message);
    else log.debug(known, message);
  };
  const logger: Logger = {
    log: write,
    trace: (message, metadata) => write('TRACE', message, metadata),
    debug: (message, metadata) => write('DEBUG', message, metadata),
    info: (message, metadata) => write('INFO', message, metadata),
    warn: (message, metadata) => write('WARN', message, metadata),
    error: (message, metadata) => write('ERROR', message, metadata),
  };
  // Without `forward` the SDK's core would print its own lines, which are not JSON, between ours.
  Runtime.install({
    logger,
    // Our own process stops its worker. The SDK would take the signal away from a process whose worker is not started yet.
    shutdownSignals: [],
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
  });
}
