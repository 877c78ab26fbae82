import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leadNow, sendLead, type Reply, type Source } from '../support/source.js';
import { scratchDir } from '../support/scratchDir.js';
import { compiledGavel } from '../support/stack.js';
import { killStacks, likeAClone, nothingIsLeft, npmStart, partsOf, type RunningStack } from './demoStack.js';

const run = promisify(execFile);

/** The parts of `npm start`, by their command lines. */
const PARTS = {
  api: /gavel\.js api$/,
  worker: /gavel\.js worker$/,
  admin: /gavel\.js admin$/,
  mongodb: /secantusd|mongod /,
  temporal: /temporal server start-dev/,
  redis: /(valkey|redis)-server/,
  buyers: /demo\/buyers\.js$/,
};
type Name = keyof typeof PARTS;
const NAMES = Object.keys(PARTS) as Name[];

const BACK_WITHIN_MS = 15_000;
/** Longer than the answer window: an answer that takes as long is a hang, ms. */
const HANGS_MS = 10_000;

describe('npm start, when a part is killed (kill -9),', () => {
  let dir: string;
  let stack: RunningStack;
  let source: Source;
  const seconds: Record<string, string> = {};
  beforeAll(async () => {
    dir = likeAClone(scratchDir());
    stack = await npmStart(dir);
    const args = ['keys', 'create', '--seller', 'ACME1234', '--limit', '10000'];
    const { stdout } = await run(process.execPath, [...compiledGavel(), ...args], {
      cwd: dir,
      env: { PATH: process.env.PATH },
    });
    source = { address: stack.ready.api, key: stdout.trim() };
  }, 120_000);
  afterAll(() => {
    killStacks();
    rmSync(dir, { recursive: true, force: true });
    console.log('Seconds until a part that was killed was back, and a lead sold:', seconds);
  });

  /** The answer to a lead; undefined when there was no connection. */
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

  it.each(NAMES)(
    '%s is back within 15 s, and leads sent before, meanwhile and after are sold',
    async (name) => {
      expect((await send())?.body).toMatchObject({ status: 'sold' });
      const killedAt = performance.now();
      await kill(name);

      const taken: Reply[] = [];
      const isBack = (): boolean => stack.said().includes(`${name} runs again`);
      let last: Reply | undefined;
      do {
        last = await send();
        if (last?.status === 200) taken.push(last);
        // Without the API there is no connection, and without the database no lead can be stored.
        else expect([undefined, 503]).toContain(last?.status);
        expect(performance.now() - killedAt).toBeLessThan(BACK_WITHIN_MS);
        await sleep(200);
      } while (!isBack() || last?.body.status !== 'sold');
      seconds[name] = ((performance.now() - killedAt) / 1000).toFixed(1);

      for (const { body } of taken) {
        const status = async () => (await leadNow(source, String(body.lead_id))).status;
        await expect.poll(status, { timeout: 30_000, interval: 200 }).toBe('sold');
      }
    },
  );

  it('says so in one line each, keeps its log, and leaves nothing behind at the end', async () => {
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
    const log = readFileSync(join(dir, '.local', 'logs', 'worker.log'), 'utf8');
    expect(log.match(/"event":"ready"/g)).toHaveLength(2);
    await nothingIsLeft(dir, { pid: stack.pid, parts });
  });
});
