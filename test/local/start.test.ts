import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { scratchDir } from '../support/scratchDir.js';
import { compiledGavel } from '../support/stack.js';
import {
  killStacks,
  likeAClone,
  nothingIsLeft,
  npmStart,
  npmStarting,
  type RunningStack,
} from './demoStack.js';

const run = promisify(execFile);

/** Takes a port as soon as it is free. */
const listens = (server: Server, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    server.removeAllListeners();
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
  });

describe('npm start', () => {
  let dir: string;
  let stack: RunningStack;
  beforeAll(async () => {
    dir = likeAClone(scratchDir());
    stack = await npmStart(dir);
  }, 120_000);
  afterAll(() => {
    killStacks();
    rmSync(dir, { recursive: true, force: true });
  });

  const shell = (line: string) => run('sh', ['-c', line]);
  const gavel = (...args: string[]) =>
    run(process.execPath, [...compiledGavel(), ...args], { cwd: dir, env: { PATH: process.env.PATH } });

  it('sells a sample lead and tells what each buyer did', () => {
    const { answer, buyers } = stack.ready.demo;
    expect(answer.answer).toMatchObject({
      success: true,
      status: 'sold',
      price: 45,
      buyer_ids: ['northwind'],
    });
    expect(buyers).toEqual([
      {
        buyer: 'northwind',
        ms: expect.any(Number) as number,
        price: 45,
        currency: 'USD',
        outcome: 'sold',
        post: 'accepted',
      },
      { buyer: 'contoso', ms: expect.any(Number) as number, currency: 'USD', outcome: 'timeout' },
      { buyer: 'fabrikam', price: 12.5, currency: 'USD', outcome: 'outbid' },
    ]);
  });

  it('prints a curl line that sells a lead when it is pasted', async () => {
    const { stdout } = await shell(stack.ready.demo.curl);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'sold', price: 45 });
  });

  it.each([
    [
      "-X POST '$API/api/leads?seller=ACME1234&category=Solar&state=TX&firstName=John&phone=555-1234'",
      { status: 'sold', price: 22, buyer_ids: ['northwind'] },
    ],
    [
      `$API/api/leads -H 'Content-Type: application/json' -d '{"seller":"ACME1234","category":"Auto Insurance","firstName":"John","lastName":"Doe","email":"john.doe@email.com",
     "phone":"555-123-4567","state":"TX","zip":"75001","city":"Dallas"}'`,
      { status: 'sold', price: 45, buyer_ids: ['northwind'] },
    ],
  ])('takes the published request as it stands: curl %s', async (request, answer) => {
    const { api, demo } = stack.ready;
    const { stdout } = await shell(
      `curl -sS -H 'Authorization: Bearer ${demo.keys.live}' ${request.replaceAll('$API', api)}`,
    );
    expect(JSON.parse(stdout)).toMatchObject({ success: true, ...answer });
  });

  it('shows its docs, and the page of the sample lead in Temporal’s UI', async () => {
    const { docs, temporalUi, demo } = stack.ready;
    expect(await (await fetch(docs)).text()).toContain('Gavel');
    expect(demo.workflow).toBe(
      `${temporalUi}/namespaces/default/workflows/lead-${demo.answer.answer.lead_id}`,
    );
    expect((await fetch(demo.workflow)).status).toBe(200);
  });

  it('runs the admin API, which a command asks with a key and from afar', async () => {
    const { stdout: key } = await gavel('keys', 'create', '--admin', 'ops', '--scopes', 'leads:read');
    const id = stack.ready.demo.answer.answer.lead_id;
    const remote = ['--remote', stack.ready.admin, 'leads', 'show', id, '--json'];
    const { stdout } = await run(process.execPath, [...compiledGavel(), ...remote], {
      cwd: dir,
      env: { PATH: process.env.PATH, GAVEL_ADMIN_KEY: key.trim() },
    });
    expect(JSON.parse(stdout)).toMatchObject({ lead_id: id, workflow_url: stack.ready.demo.workflow });
  });

  it('lets commands beside it find its servers', async () => {
    const { stdout } = await gavel('leads', 'show', stack.ready.demo.answer.answer.lead_id, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ status: 'sold', workflow_url: stack.ready.demo.workflow });
  });

  it('is not started a second time in its folder; the refusal says where it is', async () => {
    await expect(gavel('stack')).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(`is already running \\(process ${stack.pid}\\)[^]*API +${stack.ready.api}\\n`),
      ) as string,
    });
  });

  it('ends when npm is told to, and leaves no process and no lock', async () => {
    stack.child.kill('SIGTERM');
    expect(await stack.ended).toMatchObject({ code: 0 });
    await nothingIsLeft(dir, stack);
  });

  it('ends with the npm that is killed, also while it starts', async () => {
    const starting = await npmStarting(dir);
    starting.child.kill('SIGKILL');
    await nothingIsLeft(dir, starting);
  });

  it('finds its key, its address and its leads again; and ends when a part keeps crashing, and says why', async () => {
    const again = await npmStart(dir);
    const { api, demo } = stack.ready;
    expect(again.ready).toMatchObject({ api, demo: { keys: demo.keys } });
    await gavel('leads', 'show', demo.answer.answer.lead_id);
    const port = Number(new URL(api).port);
    const killed = again.parts.find(({ args }) => args.endsWith('gavel.js api'));
    process.kill(killed?.pid ?? 0, 'SIGKILL');
    const other = createServer();
    onTestFinished(() => void other.close());
    await expect.poll(() => listens(other, port)).toBe(true);
    const { code, stderr } = await again.ended;
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(
        `api keeps crashing: 5 times in a row. api was not started: port ${port} is taken by another program.\n`,
      ),
    ]);
    await nothingIsLeft(dir, again);
  });
});
