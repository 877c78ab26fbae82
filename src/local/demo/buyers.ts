import Type from 'typebox';
import Value from 'typebox/value';
import { startDemoBuyer } from './demoBuyer.js';
import { DemoBuyer, type DemoMessage } from './messages.js';

/**
 * The process of the demo buyers. The stack sends it one message, who they are (with their secrets, which therefore
 * stand in no environment and no command line); it answers `ready`, then reports what each of them does.
 */

// Nothing reaches a stack that has just ended.
const tell = (message: DemoMessage): void => void process.send?.(message, () => undefined);

process.once('message', (message) => {
  const buyers = Value.Parse(Type.Array(DemoBuyer), message);
  Promise.all(buyers.map((buyer) => startDemoBuyer(buyer, tell))).then(
    () => tell({ event: 'ready' }),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    },
  );
});
process.once('disconnect', () => process.exit(0));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
