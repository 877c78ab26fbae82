import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Type from 'typebox';
import Value from 'typebox/value';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { openFaultWorld, type FaultWorld } from '../faults/world.js';
import { holdRequests } from '../faults/holdRequests.js';
import { startBuyer } from '../support/buyer.js';
import { storeMarket } from '../support/market.js';
import { sendLead } from '../support/source.js';
import { asEnvironment } from '../support/asEnvironment.js';
import { compiledGavel } from '../support/stack.js';

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

type Kind = 'uncaughtException' | 'unhandledRejection';
const KINDS: Kind[] = ['uncaughtException', 'unhandledRejection'];

interface Running {
  /** Its ready line. */
  ready: unknown;
  child: ChildProcess;
  /** Causes an unhandled error. */
  break(kind: Kind): void;
  /** Its log lines about the error. */
  broken(): unknown[];
  output(): string;
  /** Its exit code and signal. */
  ended: Promise<unknown[]>;
}

/** @param stdout target of its output; by default kept for `output` */
async function run(
  args: string[],
  env: Record<string, string>,
  stdout: number | 'pipe' = 'pipe',
): Promise<Running> {
  const child = spawn(process.execPath, ['--import', fixture('breaks.mjs'), ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', stdout, 'pipe', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended: Promise<unknown[]> = once(child, 'exit');
  const [ready]: unknown[] = await Promise.race([once(child, 'message'), ended]);
  expect(ready, output).toMatchObject({ event: 'ready' });
  return {
    ready,
    child,
    ended,
    break: (kind) => void child.send(kind),
    broken: () =>
      output
        .split('\n')
        .filter((line) => line.includes('"event":"broken"'))
        .map((line) => JSON.parse(line) as unknown),
    output: () => output,
  };
}

describe('a process with an unexpected error', () => {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await openFaultWorld({ ANSWER_WINDOW_MS: 10_000, ADMIN_PORT: 0 });
  });
  afterAll(() => world.close());

  const gavel = (command: string, stdout?: number): Promise<Running> =>
    run([...compiledGavel(), command], asEnvironment(world.settings), stdout);
  const addressOf = ({ ready }: Running): string =>
    Value.Parse(Type.Object({ address: Type.String() }), ready).address;

  /** Log line of an error that nothing has handled. */
  const UNHANDLED = {
    level: 'fatal',
    fault: {
      name: 'TypeError',
      message: "Cannot read properties of undefined (reading '…')",
      stack: expect.arrayContaining([expect.stringContaining('breaks.mjs')]) as string[],
    },
  };

  it('gavel admin logs it, ends by itself, and exits with 1', async () => {
    const admin = await gavel('admin');
    admin.break('unhandledRejection');
    expect(await admin.ended, admin.output()).toEqual([1, null]);
    expect(admin.broken()).toMatchObject([UNHANDLED]);
    expect(admin.output()).toContain('"event":"stopped"');
    expect(admin.output()).not.toContain('Quatermain');
  });

  it('an API and a worker finish the lead under way, even with further errors, and new requests get 503', async () => {
    const buyer = await startBuyer();
    onTestFinished(() => buyer.close());
    await storeMarket(world.database, { northwind: { server: buyer, postTimeoutMs: 9000 } });
    const [api, worker] = await Promise.all([gavel('api'), gavel('worker')]);
    const source = { address: addressOf(api), key: world.key };
    const posts = holdRequests(buyer, 'post');
    const lead = sendLead(source, 'Auto Insurance');
    await posts.atLeast(1);

    // Each kind is the first of one process.
    for (const kind of KINDS) api.break(kind);
    for (const kind of KINDS.toReversed()) worker.break(kind);
    await expect.poll(() => [api, worker].map((each) => each.broken().length)).toEqual([2, 2]);
    const refused = await sendLead(source, 'Auto Insurance');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    posts.release();
    expect((await lead).body).toMatchObject({ status: 'sold', price: 20 });
    expect(await Promise.all([api.ended, worker.ended])).toEqual([
      [1, null],
      [1, null],
    ]);
    for (const each of [api, worker]) {
      expect(each.broken()).toMatchObject([UNHANDLED, UNHANDLED]);
      expect(each.output()).toContain('"event":"stopped"');
      expect(each.output()).not.toContain('Quatermain');
    }
  });

  it('an API with an unwritable log takes requests', async () => {
    const api = await gavel('api', openSync('/dev/full', 'w'));
    for (let i = 0; i < 3; i++) expect((await fetch(`${addressOf(api)}/admin`)).status).toBe(404);
    api.child.kill('SIGTERM');
    expect(await api.ended).toEqual([0, null]);
  });
});

describe('a process that can’t finish work in progress', () => {
  const stuck = (): Promise<Running> => run([fixture('stuck.mjs'), inject('compiled'), '300'], {});

  it('exits with 1 after its grace period', async () => {
    const process = await stuck();
    process.break('uncaughtException');
    expect(await process.ended).toEqual([1, null]);
    expect(process.output()).toContain('"event":"stopped_late"');
  });

  it('does the same after a signal, and exits at once on a second signal', async () => {
    const process = await stuck();
    process.child.kill('SIGTERM');
    process.child.kill('SIGTERM');
    expect(await process.ended).toEqual([1, null]);
  });
});
