import closeWithGrace from 'close-with-grace';
import type { Log } from '../log.js';

/**
 * Keeps a process running until it is told to end (SIGTERM, Ctrl-C) or something in it breaks, then lets it finish
 * what is under way. Tells whoever started it that it is ready: by a line of the log, and by a message where there is
 * a channel for one.
 * @param graceMs how long finishing may take
 * @param ready what else is known by then, such as the address
 */
export function untilStopped(
  log: Log,
  graceMs: number,
  close: () => Promise<void>,
  ready: object = {},
): void {
  closeWithGrace({ delay: graceMs, logger: false }, async ({ signal, err }) => {
    if (err) log.fatal({ event: 'broken', error: err.message, stack: err.stack });
    else log.info({ event: 'stopping', signal });
    await close();
    log.info({ event: 'stopped' });
  });
  log.info({ event: 'ready', ...ready });
  process.send?.({ event: 'ready', ...ready });
}
