import Type from 'typebox';
import Value from 'typebox/value';
import { startDemoServer } from './demoServer.js';
import { DemoParty, type DemoMessage } from './messages.js';

/**
 * The process of the demo's buyers and of its source. The stack sends it one message, who they are (with their secrets,
 * which are therefore in no environment and on no command line); it answers `ready`, then reports what each of them does.
 */

// Nothing reaches a stack that has just ended.
const tell = (message: DemoMessage): void => void process.send?.(message, () => undefined);

// Loaded when a secret was rotated: few runs of the demo need a database here.
const readSecret = async (party: string): Promise<string> =>
  (await import('./demoSecrets.js')).readDemoSecret(party);

process.once('message', (message) => {
  const parties = Value.Parse(Type.Array(DemoParty), message);
  Promise.all(parties.map((party) => startDemoServer(party, tell, () => readSecret(party.id)))).then(
    () => tell({ event: 'ready' }),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    },
  );
});
process.once('disconnect', () => process.exit(0));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
