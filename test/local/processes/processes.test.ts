import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished, vi, type TestContext } from 'vitest';
import { startOnce } from '../../../src/local/processes/startPlan.js';
import { Processes } from '../../../src/local/processes/processes.js';
import { startServers } from '../../../src/local/servers/servers.js';
import { compiledGavel } from '../../support/stack.js';
import { allGone, emptyDir } from '../helpers.js';

const node = (name: string, code: string) => ({ name, command: process.execPath, args: ['-e', code] });
const idle = 'setInterval(() => {}, 1000)';

function supervisor(): Processes {
  const processes = new Processes(emptyDir());
  onTestFinished(() => processes.stop());
  return processes;
}

it('ends the last part first and the servers last', async () => {
  const processes = supervisor();
  const ended: string[] = [];
  const parts = [
    processes.start(node('worker', idle)),
    processes.start({ ...node('server', idle), server: true }),
    processes.start(node('api', idle)),
  ];
  for (const part of parts) void part.ended.then(() => ended.push(part.name));
  await processes.stop();
  expect(ended).toEqual(['api', 'worker', 'server']);
  await allGone(parts.map(({ pid }) => pid));
});

it('wakes up a process that notices its signal late', async () => {
  const processes = supervisor();
  const code = `process.on('SIGTERM', () => process.on('message', () => process.exit(7))); process.send('ready'); ${idle}`;
  const part = processes.start({
    ...node('server', code),
    ipc: true,
    wakeUp: () => part.child.send('wake up'),
  });
  await once(part.child, 'message');
  await processes.stop();
  expect(await part.ended).toBe('exit code 7');
});

it('reports the process that ended by itself, its exit, and the last lines of its log', async () => {
  const processes = supervisor();
  const code = `console.log('out of luck'); process.exitCode = 3`;
  await startOnce(processes)({ command: node('worker', code), ready: () => Promise.resolve() });
  const { message } = await processes.failure;
  expect(message).toMatch(/^worker has ended \(exit code 3\)/);
  expect(message).toContain('out of luck');
});

it('reports a program that can’t be run', () => {
  const start = () => supervisor().start({ name: 'temporal', command: '/nowhere/temporal', args: [] });
  expect(start).toThrow('temporal: /nowhere/temporal can’t be run.');
});

it('ends the children of a process', async () => {
  const processes = supervisor();
  const code = `const child = require('child_process').spawn(process.execPath, ['-e', '${idle}']); process.send(child.pid); ${idle}`;
  const part = processes.start({ ...node('api', code), ipc: true });
  const [grandchild] = (await once(part.child, 'message')) as [number];
  await processes.stop();
  await allGone([grandchild]);
});

it('ends the orphaned children of a process that ended by itself', async () => {
  const processes = supervisor();
  const code = `const child = require('child_process').spawn(process.execPath, ['-e', '${idle}'], { stdio: 'ignore' }); process.send(child.pid, () => process.exit(1))`;
  const part = processes.start({ ...node('check', code), ipc: true });
  const [grandchild] = (await once(part.child, 'message')) as [number];
  expect(await part.ended).toBe('exit code 1');
  await allGone([grandchild]);
});

/** A stack whose own process has just been killed: its folder and the pids of its children. */
async function killedStack({
  onTestFinished,
}: Pick<TestContext, 'onTestFinished'>): Promise<{ dir: string; pids: number[] }> {
  const dir = mkdtempSync(join(tmpdir(), 'gavel-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const script = join(import.meta.dirname, '..', 'fixtures', 'parent.mjs');
  const [program = ''] = compiledGavel();
  const servers = join(dirname(program), '..', 'local', 'servers', 'servers.js');
  const parent = spawn(process.execPath, [script, servers, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pids = JSON.parse(line.toString()) as number[];
  expect(pids).toHaveLength(2);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  return { dir, pids };
}

// These two only wait most of the time.
it.concurrent('leaves no process and no lock when it is killed', async (context) => {
  const { dir, pids } = await killedStack(context);
  await allGone(pids);
  await vi.waitFor(() => expect(existsSync(join(dir, 'lock'))).toBe(false), { timeout: 10_000 });
});

it.concurrent('waits after an immediate restart until the orphaned processes have ended', async (context) => {
  const { dir, pids } = await killedStack(context);
  expect(existsSync(join(dir, 'lock'))).toBe(true);
  const next = await startServers({ dir, need: ['redis'] });
  context.onTestFinished(() => next.stop());
  await allGone(pids);
});
