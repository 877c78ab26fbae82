import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, vi } from 'vitest';
import { gavel as gavelHere } from '../cli/gavel.js';
import { readPage } from '../docs/page.js';
import { leadNow, type Source } from '../support/source.js';
import { compiledGavel } from '../support/stack.js';
import type { RunningStack } from './demoStack.js';

const run = promisify(execFile);
const page = readPage('docs/demo.md');

interface Row {
  request: string;
  /** The answer as documented. */
  answer: object;
  /** The documented later status. */
  later?: string;
}

/** The rounds in the output of `leads show`. */
interface Story {
  rounds: { contracts: { buyer: string; outcome: string }[] }[];
}

const rows: Row[] = (page.tables[0]?.rows ?? []).map(([request = '', says = '']) => {
  const [answer = '{}', later] = [...says.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
  return { request: request.replaceAll('`', ''), answer: JSON.parse(answer) as object, later };
});
const [definitions = '', ...codes] = page.codes.map(({ text }) => text);
const codeWith = (words: string): string => codes.find((text) => text.includes(words)) ?? '';

/** What the tests of the page need. */
export interface DemoWorld {
  /** The folder of the stack. */
  dir: string;
  stack: RunningStack;
}

/** The lead of each row. */
const sent = new Map<string, string>();

const becomes = ({ stack }: DemoWorld, leadId: string, answer: object): Promise<void> => {
  const source: Source = { address: stack.ready.api, key: stack.ready.demo.keys.live };
  return vi.waitFor(async () => expect(await leadNow(source, leadId)).toMatchObject(answer), {
    timeout: 85_000,
    interval: 100,
  });
};

/** Tests docs/demo.md line by line with a stack that has sold less than ten leads. */
export function followDemoPage(world: DemoWorld): void {
  /** Runs lines of the page, with the address and keys that `npm start` printed. */
  async function shell(lines: string): Promise<Record<string, unknown>> {
    const { api, demo } = world.stack.ready;
    const text = `${definitions}\n${lines}`
      .replaceAll('http://127.0.0.1:3000', api)
      .replaceAll('gvl_live_…', demo.keys.live)
      .replaceAll('gvl_test_…', demo.keys.test)
      .replaceAll('gvl_buyer_…', demo.keys.buyer);
    const { stdout } = await run('sh', ['-c', text], { cwd: world.dir });
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  const send = async (request: string): Promise<string> => String((await shell(request)).lead_id);

  async function gavel(args: string[]): Promise<string> {
    // Temporal's own program prints by itself.
    if (args[0] === 'temporal') {
      const env = { PATH: process.env.PATH };
      return (await run(process.execPath, [...compiledGavel(), ...args], { cwd: world.dir, env })).stdout;
    }
    const kept = (name: string): string => readFileSync(join(world.dir, '.local', name), 'utf8');
    const addresses = JSON.parse(kept('addresses.json')) as Record<string, string>;
    const ran = await gavelHere(args, { ...addresses, MASTER_KEYS: kept('master-keys') });
    expect(ran).toMatchObject({ code: 0 });
    return ran.stdout;
  }

  /** The outcome of a buyer's contract in the lead's last round. */
  async function outcomeOf(leadId: string, buyer: string): Promise<string | undefined> {
    const { rounds } = JSON.parse(await gavel(['leads', 'show', leadId, '--json'])) as Story;
    return rounds.at(-1)?.contracts.find((one) => one.buyer === buyer)?.outcome;
  }

  /** Runs the page's line that tops woodgrove up. */
  async function topUp(ref: string): Promise<void> {
    const line = codeWith('topup').replace(/^[^]*gavel -- /, '');
    const words = (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));
    expect(words.at(-1)).toBe('wire 1');
    await gavel([...words.slice(0, -1), ref]);
  }

  it('has a row for each outcome', () => {
    const statuses = rows.flatMap(({ answer, later }) => [later, 'status' in answer && answer.status]);
    expect(new Set(statuses)).toEqual(new Set(['sold', 'pending', 'withdrawn', 'expired', undefined, false]));
  });

  it.each(rows)('$request gets the documented answer', async ({ request, answer }) => {
    const came = await shell(request);
    expect(came).toMatchObject(answer);
    sent.set(request, String(came.lead_id));
  });

  it('leaves contoso out after ten timeouts in a row', async () => {
    const first = await send(`send 'Auto Insurance' TX`);
    expect(await outcomeOf(first, 'contoso')).toBe('timeout');
    await Promise.all(Array.from({ length: 10 }, () => send(`send 'Auto Insurance' TX`)));
    // A worker records answers asynchronously and knows of a circuit within two seconds.
    await expect
      .poll(async () => outcomeOf(await send(`send 'Auto Insurance' TX`), 'contoso'), { timeout: 10_000 })
      .toBe('circuit_open');
  });

  it('withdraws a pending lead, and marks leads sent with the test key as test leads', async () => {
    const id = await send(`export GAVEL_KEY=gvl_test_…\nsend 'Auto Insurance' AK`);
    expect(JSON.parse(await gavel(['leads', 'show', id, '--json']))).toMatchObject({ test: true });
    const withdraw = /^curl.*withdraw".*?(?= #)/m.exec(codeWith('/withdraw'))?.[0] ?? '';
    expect(await shell(withdraw.replace('LEAD_ID', id))).toMatchObject({ status: 'withdrawn' });
  });

  it('lets northwind return a lead with the buyer key', async () => {
    const id = await send(`send 'Auto Insurance' TX`);
    const back = await shell(codeWith('wrong_number').replace('LEAD_ID', id));
    expect(back).toMatchObject({ status: 'returned', refund: 45 });
    await becomes(world, id, { status: 'returned' });
  });

  it('lets ops decide that litware did not take the held lead, and fabrikam gets it', async () => {
    const id = await send(`send 'Life Insurance' TX`);
    expect(await gavel(['leads', 'list', '--held'])).toContain(id);
    const resolve = /leads resolve.*/.exec(codeWith('resolve'))?.[0] ?? '';
    await gavel(resolve.replace('LEAD_ID', id).split(' '));
    await becomes(world, id, { status: 'sold', price: 8, buyer_ids: ['fabrikam'] });
  });

  it('lets ops decide with Temporal’s own command that litware took the held lead', async () => {
    const id = await send(`send 'Life Insurance' TX`);
    const list = ['temporal', 'workflow', 'list', '--query', `WorkflowId = "lead-${id}"`];
    expect(await gavel(list)).toContain(`lead-${id}`);
    const update = ['temporal', 'workflow', 'update', 'execute', '--workflow-id', `lead-${id}`];
    await gavel([...update, '--name', 'resolvePost', '--input', '{"buyer": "litware", "accepted": true}']);
    await becomes(world, id, { status: 'sold', price: 30, buyer_ids: ['litware'] });
  });

  it('sells the fourth lead, which waits for woodgrove’s balance, after a top-up', async () => {
    const answers = [];
    for (let i = 2; i <= 4; i += 1) answers.push(await shell(`send 'Pet Insurance' TX`));
    expect(answers.map(({ status }) => status)).toEqual(['sold', 'sold', 'pending']);
    const id = String(answers.at(-1)?.lead_id);
    expect(
      await leadNow({ address: world.stack.ready.api, key: world.stack.ready.demo.keys.live }, id),
    ).toMatchObject({ reason: 'no_buyer_eligible' });
    expect(await outcomeOf(id, 'woodgrove')).toBe('no_balance');
    await topUp('wire 1');
    await becomes(world, id, { status: 'sold', price: 30 });
  });

  it('gives the same answers when the page is repeated four times', async () => {
    const key = (await gavel(['keys', 'create', '--seller', 'ACME1234', '--limit', '1000'])).trim();
    for (let i = 2; i <= 5; i += 1) {
      await Promise.all(
        rows.map(async ({ request, answer }) => {
          const came = await shell(`export GAVEL_KEY=${key}\n${request}`);
          expect({ request, ...came }).toMatchObject(answer);
        }),
      );
      await topUp(`wire ${i}`);
    }
  });

  it('gets the seller’s postbacks', async () => {
    expect(await gavel(['postbacks', 'test', '--seller', 'ACME1234'])).toContain('yes');
  });
}

/** The leads that are sold later, 20 s after they were sent. */
export function leadsAreSoldLater(world: DemoWorld): void {
  it.each(rows.filter(({ later }) => later === 'sold'))(
    '$request is sold later, as its row says',
    async ({ request }) => {
      await becomes(world, sent.get(request) ?? '', { status: 'sold' });
    },
  );
}

/** The leads that expire, 40 s after they were sent. */
export function leadsExpire(world: DemoWorld): void {
  it.each(rows.filter(({ later }) => later !== undefined && later !== 'sold'))(
    '$request ends as its row says: $later',
    async ({ request, later }) => {
      await becomes(world, sent.get(request) ?? '', { status: later });
    },
  );
}
