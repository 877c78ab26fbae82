import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { anyPort } from '../../src/local/servers/ports.js';
import { openConnection } from '../../src/temporal/connection.js';

it('reaches Temporal within seconds after a long outage', async () => {
  const port = await anyPort();
  const connection = openConnection({ TEMPORAL_ADDRESS: `127.0.0.1:${port}` });
  onTestFinished(() => connection.close());
  const ask = () =>
    connection
      .withDeadline(Date.now() + 200, () => connection.workflowService.getSystemInfo({}))
      .catch(() => sleep(100));

  // The backoff has grown by now; without a limit the next pause is 6.5 s.
  for (const until = Date.now() + 10_000; Date.now() < until;) await ask();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  onTestFinished(() => void server.close());
  server.listen(port, '127.0.0.1');
  for (const until = Date.now() + 3500; Date.now() < until && connections === 0;) await ask();
  expect(connections).toBeGreaterThan(0);
});
