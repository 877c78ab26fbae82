import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import { anyPort } from '../../src/local/servers/ports.js';
import { openConnection } from '../../src/temporal/connection.js';

/** Passes this time of gRPC, whose requests on this machine take some turns of the event loop. */
async function pass(ms: number, until = () => false): Promise<void> {
  for (let passed = 0; passed < ms && !until(); passed += 100) {
    await sleep(2);
    await vi.advanceTimersByTimeAsync(100);
  }
}

it('reaches Temporal within seconds after a long outage', async () => {
  const port = await anyPort();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const connection = openConnection({ TEMPORAL_ADDRESS: `127.0.0.1:${port}` });
  onTestFinished(() => connection.close());
  let isOver = false;
  const askAgainAndAgain = async (): Promise<void> => {
    while (!isOver)
      await connection
        .withDeadline(Date.now() + 200, () => connection.workflowService.getSystemInfo({}))
        .catch(() => new Promise((resolve) => setTimeout(resolve, 100)));
  };
  const asking = askAgainAndAgain();

  // The backoff has grown by now; without a limit the next pause is 6.5 s.
  await pass(10_000);
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await pass(3500, () => connections > 0);
  expect(connections).toBeGreaterThan(0);
  isOver = true;
  await pass(1000);
  await asking;
});
