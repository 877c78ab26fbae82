import { resolve } from 'node:path';
import { Command } from 'commander';
import { describeDemoMessage, describePartEvent, describeStack } from '../../../local/describeStack.js';
import { showProgress } from '../../../terminal/showProgress.js';
import { onStopRequest } from '../../../terminal/stopRequest.js';
import { print, printError, printJson } from '../../../terminal/print.js';

/** `gavel stack`: everything on this machine, until Ctrl-C. */
export function stackCommand(): Command {
  return new Command('stack')
    .description('run the servers, a worker and the APIs on this machine (stop with Ctrl-C)')
    .option('--demo', 'apply the demo market, start its buyers and send a sample lead', false)
    .option('--json', 'print one JSON object when everything answers', false)
    .action(stack);
}

async function stack({ demo, json }: { demo: boolean; json: boolean }): Promise<void> {
  const shown = showProgress(process.stderr, { clock: true });
  shown.progress('Loading Gavel');
  // Loaded here, so that the other commands don't wait for what only this one needs.
  const { runStack } = await import('../../../local/localStack.js');
  let kill: () => void = () => undefined;
  let isReady = false;
  const stop = onStopRequest(() => {
    kill();
    process.exit(130);
  });
  try {
    await runStack({
      dir: resolve('.local'),
      demo,
      signal: stop.signal,
      progress: shown.progress,
      onReady: (ready) => {
        shown.done();
        isReady = true;
        if (json) printJson(ready, 0);
        else print(describeStack(ready));
      },
      onDemo: (message) => {
        if (isReady && !json) print(describeDemoMessage(message, new Date()));
      },
      onPart: (event) => {
        shown.done();
        printError(describePartEvent(event, new Date()));
      },
      onKill: (now) => (kill = now),
      // `npm run dev` (scripts/dev.ts) sends this message after each change of the source.
      onStarted: (restart) => {
        process.on('message', (message) => {
          if (message === 'restart') void restart();
        });
        // The channel must not keep this process alive after Ctrl-C.
        process.channel?.unref();
      },
    });
  } catch (error) {
    // An error caused by the stop request is not a failure.
    if (!stop.signal.aborted) throw error;
  } finally {
    shown.done();
    stop.dispose();
  }
}
