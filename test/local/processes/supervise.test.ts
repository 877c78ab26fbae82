import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readyMessage } from '../../../src/local/gavelParts.js';
import type { Plan } from '../../../src/local/processes/startPlan.js';
import { anyPort } from '../../../src/local/servers/ports.js';
import { Processes } from '../../../src/local/processes/processes.js';
import { supervise, type PartEvent } from '../../../src/local/processes/supervise.js';
import { emptyDir } from '../helpers.js';

/** A process that is ready at once and runs until it is killed. */
const READY = `console.log('ready ' + process.pid); process.send({ event: 'ready' });`;
const RUNS = `${READY} setInterval(() => {}, 1000);`;

function stack(pauses: { firstPauseMs?: number } = {}) {
  const logs = emptyDir();
  const processes = new Processes(logs);
  onTestFinished(() => processes.stop());
  const events: PartEvent[] = [];
  const start = supervise(processes, (event) => events.push(event), pauses);
  const happened = (): string[] => events.map(({ event }) => event);
  return { processes, logs, events, happened, start };
}

const plan = (code: string, ports: number[] = []): Plan => ({
  command: { name: 'worker', command: process.execPath, args: ['-e', code], ipc: true },
  ports,
  ready: readyMessage,
});

it('restarts a killed process, reports it, and keeps its earlier output', async () => {
  const { processes, logs, events, happened, start } = stack();
  await start(plan(RUNS));
  processes.kill();
  await expect.poll(happened, { timeout: 10_000 }).toEqual(['crashed', 'recovered']);
  expect(events[0]).toEqual({
    part: 'worker',
    event: 'crashed',
    why: 'worker has ended (SIGKILL).',
    againInMs: 500,
    log: join(logs, 'worker.log'),
  });
  expect(processes.parts.map(({ name }) => name)).toEqual(['worker']);
  expect(readFileSync(join(logs, 'worker.log'), 'utf8')).toMatch(/^ready \d+\nready \d+\n$/);
});

it('gives up on a process that keeps crashing, after increasing pauses, with its last lines', async () => {
  const { processes, events, start } = stack({ firstPauseMs: 50 });
  await start(plan(`${READY} console.error('out of luck'); setTimeout(() => process.exit(3), 50);`));
  const { message } = await processes.failure;
  expect(message).toMatch(/^worker keeps crashing: 5 times in a row\. worker has ended \(exit code 3\)\.\n/);
  expect(message).toContain('out of luck');
  const pauses = events.flatMap((event) => (event.event === 'crashed' ? [event.againInMs] : []));
  expect(pauses).toEqual([50, 100, 200, 400]);
});

it('reports a port taken by another program, and starts the process when it is free', async () => {
  const { processes, events, happened, start } = stack({ firstPauseMs: 50 });
  const port = await anyPort();
  await start(plan(RUNS, [port]));
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
  processes.kill();
  await expect.poll(happened, { timeout: 10_000 }).toEqual(['crashed', 'crashed']);
  expect(events[1]).toMatchObject({
    why: `worker was not started: port ${port} is taken by another program.`,
    againInMs: 100,
  });
  other.close();
  await expect.poll(happened, { timeout: 10_000 }).toEqual(['crashed', 'crashed', 'recovered']);
});

it('rejects a process that can’t be started the first time', async () => {
  const { happened, start } = stack();
  await expect(start(plan(`console.error('no settings'); process.exit(1)`))).rejects.toThrow(
    /^worker has ended \(exit code 1\)\.\n[^]*no settings/,
  );
  expect(happened()).toEqual([]);
});

it('restarts nothing while the stack ends', async () => {
  const { processes, happened, start } = stack({ firstPauseMs: 200 });
  await start(plan(RUNS));
  processes.kill();
  await expect.poll(happened).toEqual(['crashed']);
  await processes.stop();
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(happened()).toEqual(['crashed']);
  expect(processes.parts).toEqual([]);
});
