import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leadNow, sendLead, type Reply, type Source } from '../support/source.js';
import { scratchDir } from '../support/scratchDir.js';
import { compiledGavel } from '../support/stack.js';
import { followDemoPage, leadsAreSoldLater, leadsExpire, type DemoWorld } from './demoPage.js';
import {
  killStacks,
  likeAClone,
  nothingIsLeft,
  npmStart,
  npmStarting,
  partsOf,
  type RunningStack,
} from './demoStack.js';

const run = promisify(execFile);

/** Takes a port as soon as it is free. */
const listens = (server: Server, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    server.removeAllListeners();
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
  });

/** The processes of `npm start`, by command line. */
const PARTS = {
  serve: /gavel\.js serve$/,
  admin: /gavel\.js admin$/,
  mongodb: /secantusd|mongod /,
  temporal: /temporal server start-dev/,
  redis: /(valkey|redis)-server/,
  buyers: /demo\/demoBuyers\.js$/,
};
type Name = keyof typeof PARTS;
const NAMES = Object.keys(PARTS) as Name[];

const BACK_WITHIN_MS = 15_000;
/** Longer than the answer window: a slower answer counts as hanging, ms. */
const HANGS_MS = 10_000;

describe('npm start', () => {
  const dir = likeAClone(scratchDir());
  let stack: RunningStack;
  let source: Source;
  const world: DemoWorld = {
    dir,
    get stack() {
      return stack;
    },
  };
  beforeAll(async () => {
    stack = await npmStart(dir);
    const { stdout } = await gavel('keys', 'create', '--seller', 'ACME1234', '--limit', '10000');
    source = { address: stack.ready.api, key: stdout.trim() };
  }, 120_000);
  afterAll(() => {
    killStacks();
    rmSync(dir, { recursive: true, force: true });
  });

  const shell = (line: string) => run('sh', ['-c', line]);
  const gavel = (...args: string[]) =>
    run(process.execPath, [...compiledGavel(), ...args], { cwd: dir, env: { PATH: process.env.PATH } });

  it('sells a sample lead and prints each buyer’s reaction', () => {
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

  // Early, because some of its leads end 40 s later.
  describe('docs/demo.md, line by line', () => followDemoPage(world));

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
  ])('accepts the published request unchanged: curl %s', async (request, answer) => {
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

  it('runs the admin API, which a remote command uses with a key', async () => {
    const { stdout: key } = await gavel('keys', 'create', '--admin', 'ops', '--scopes', 'leads:read');
    const id = stack.ready.demo.answer.answer.lead_id;
    const remote = ['--remote', stack.ready.admin, 'leads', 'show', id, '--json'];
    const { stdout } = await run(process.execPath, [...compiledGavel(), ...remote], {
      cwd: dir,
      env: { PATH: process.env.PATH, GAVEL_ADMIN_KEY: key.trim() },
    });
    expect(JSON.parse(stdout)).toMatchObject({ lead_id: id, workflow_url: stack.ready.demo.workflow });
  });

  it('has buyers and a source that go on taking messages when their secrets are rotated', async () => {
    await gavel('secrets', 'rotate', '--seller', 'ACME1234', '--overlap', '0s');
    await gavel('secrets', 'rotate', '--buyer', 'northwind', '--overlap', '0s');
    expect((await gavel('postbacks', 'test', '--seller', 'ACME1234')).stdout).toContain('HTTP 200');
    expect((await gavel('buyers', 'test', 'northwind')).stdout).toContain('a bid of');
  });

  it('lets commands find its servers', async () => {
    const { stdout } = await gavel('leads', 'show', stack.ready.demo.answer.answer.lead_id, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ status: 'sold', workflow_url: stack.ready.demo.workflow });
  });

  it('does not start a second time in its folder, and the error names its address', async () => {
    await expect(gavel('stack')).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(`is already running \\(process ${stack.pid}\\)[^]*API +${stack.ready.api}\\n`),
      ) as string,
    });
  });

  describe('docs/demo.md', () => leadsAreSoldLater(world));

  /** The answer to a lead; undefined without a connection. */
  async function send(): Promise<Reply | undefined> {
    const reply = await sendLead(source, 'Auto Insurance').catch(() => undefined);
    if (reply) expect(reply.ms).toBeLessThan(HANGS_MS);
    return reply;
  }

  async function kill(name: Name): Promise<void> {
    const part = (await partsOf(stack)).find(({ args }) => PARTS[name].test(args));
    if (part === undefined) throw new Error(`${name} does not run`);
    process.kill(part.pid, 'SIGKILL');
  }

  /** Leads that the API took before, during and after the restart of a part. */
  const taken = new Map<string, Name>();

  it.each(NAMES)(
    'has %s back within 15 s after kill -9, takes leads meanwhile, and sells those sent before and after in the call',
    async (name) => {
      expect((await send())?.body).toMatchObject({ status: 'sold' });
      const killedAt = performance.now();
      await kill(name);

      const isBack = (): boolean => stack.said().includes(`${name} runs again`);
      let last: Reply | undefined;
      do {
        last = await send();
        if (last?.status === 200) taken.set(String(last.body.lead_id), name);
        // Without the API there is no connection, and without the database no lead can be stored.
        else expect([undefined, 503]).toContain(last?.status);
        expect(performance.now() - killedAt).toBeLessThan(BACK_WITHIN_MS);
        await sleep(200);
      } while (!isBack() || last?.body.status !== 'sold');
    },
  );

  // Last, because Temporal waits ten seconds for a task of a killed worker.
  it('sells all leads that it took meanwhile', async () => {
    const unsold = async (): Promise<string[]> => {
      const now = [...taken].map(
        async ([id, killed]) => `${killed}: ${String((await leadNow(source, id)).status)}`,
      );
      return (await Promise.all(now)).filter((text) => !text.endsWith(': sold'));
    };
    expect(new Set(taken.values())).toEqual(new Set(NAMES));
    await expect.poll(unsold, { timeout: 30_000, interval: 200 }).toEqual([]);
  });

  describe.concurrent('while leads expire', () => {
    leadsExpire(world);

    it('ends if npm is killed, also during the start', async ({ onTestFinished }) => {
      const other = likeAClone(scratchDir());
      onTestFinished(() => rmSync(other, { recursive: true, force: true }));
      const starting = await npmStarting(other);
      starting.child.kill('SIGKILL');
      await nothingIsLeft(other, starting);
    });
  });

  it('stops with npm, reports each restart in one line, and leaves no process and no lock', async () => {
    const parts = await partsOf(stack);
    stack.child.kill('SIGTERM');
    const { code, stderr } = await stack.ended;
    expect(code).toBe(0);
    for (const name of NAMES) {
      expect(stderr).toMatch(
        new RegExp(
          `^..:..:..  ${name} has ended \\(SIGKILL\\).* It is started again in 0\\.5 s\\. Its log: \\.local/logs/${name}\\.log\\n`,
          'm',
        ),
      );
      expect(stderr).toMatch(new RegExp(`^..:..:..  ${name} runs again, [\\d.]+ s after its end\\.\\n`, 'm'));
    }
    const log = readFileSync(join(dir, '.local', 'logs', 'serve.log'), 'utf8');
    expect(log.match(/"event":"ready"/g)).toHaveLength(2);
    await nothingIsLeft(dir, { pid: stack.pid, parts });
  });

  it('keeps its keys, addresses and leads, and ends with the reason if a process keeps crashing', async ({
    onTestFinished,
  }) => {
    const again = await npmStart(dir);
    const { api, servers, demo } = stack.ready;
    expect(again.ready).toMatchObject({ api, servers, demo: { keys: demo.keys } });
    await gavel('leads', 'show', demo.answer.answer.lead_id);
    const port = Number(new URL(api).port);
    const killed = again.parts.find(({ args }) => args.endsWith('gavel.js serve'));
    process.kill(killed?.pid ?? 0, 'SIGKILL');
    const other = createServer();
    onTestFinished(() => void other.close());
    await expect.poll(() => listens(other, port)).toBe(true);
    const { code, stderr } = await again.ended;
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(
        `serve keeps crashing: 5 times in a row. serve was not started: port ${port} is taken by another program.\n`,
      ),
    ]);
    await nothingIsLeft(dir, again);
  });
});
