import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Settings } from '../../../../src/config.js';
import { circuitId } from '../../../../src/market/limits/circuitBreaker.js';
import { countAnswer, flushAnswers } from '../../../../src/store/fairness/answers.js';
import { recordServerAnswer } from '../../../../src/store/fairness/circuits.js';
import { openDatabase, type Database } from '../../../../src/store/db.js';
import { isolatedSettings } from '../../../support/stack.js';
import { onStore, type Ran } from '../../gavel.js';

/** A market with a prepaid buyer. */
const MARKET = readFileSync(
  fileURLToPath(new URL('../../../market/file/market.yaml', import.meta.url)),
  'utf8',
).replace('- id: northwind', '- balance: 5000.00\n    id: northwind');

describe('gavel', () => {
  let settings: Settings;
  let database: Database;
  beforeAll(async () => {
    settings = await isolatedSettings();
    database = openDatabase(settings);
    await run(['apply', '-'], MARKET);
  });
  afterAll(async () => {
    await database.db.dropDatabase();
    await database.client.close();
  });

  const run = (args: string[], input?: string): Promise<Ran> => onStore(settings)(args, input);

  test('books a payment once, lists the buyer’s balance, and prints its statement', async () => {
    const pay = ['buyers', 'topup', 'northwind', '250.50', '--ref', 'wire 4711'];
    expect((await run(pay)).stdout).toBe('northwind has paid in $250.50; it has $5,250.50 left.\n');
    expect((await run(pay)).stdout).toBe(
      'The $250.50 of northwind were booked before; it has $5,250.50 left.\n',
    );
    const other = await run(['buyers', 'topup', 'northwind', '99', '--ref', 'wire 4711']);
    expect(other).toMatchObject({ code: 1, stdout: '' });
    expect(other.stderr).toContain('"wire 4711" is already booked, with $250.50. Nothing was changed.');

    const listed = await run(['buyers', 'list', '--json']);
    const prepaid = { left: 5250.5, reserved: 0, currency: 'USD' };
    expect(JSON.parse(listed.stdout)).toMatchObject({
      buyers: [
        { id: 'fabrikam', active: true, circuit: 'closed', leads_today: 0 },
        { id: 'northwind', prepaid },
      ],
    });
    expect((await run(['buyers', 'list'])).stdout).toMatch(
      /fabrikam +yes +answers +on account +0 +0 +0 +0 +0 +0 +0 +0 +0\n/,
    );

    const csv = (await run(['statement', '--buyer', 'northwind', '--csv'])).stdout.split('\r\n');
    expect(csv).toHaveLength(6);
    expect(csv[3]).toMatch(/,top_up,[0-9a-f-]{36},,,,,wire 4711,USD,250\.50,5250\.50$/);
    expect((await run(['statement', '--buyer', 'northwind'])).stdout).toMatch(/closing balance +\$5,250\.50/);
  });

  test('shows a long statement page by page, and all of it as CSV', async () => {
    const whole = await run(['statement', '--buyer', 'northwind']);
    expect(whole.stderr).toBe('');
    const first = await run(['statement', '--buyer', 'northwind', '--limit', '1']);
    expect(first.stdout).toMatch(/opening balance +\$0\.00/);
    expect(first.stdout).toMatch(/carried forward +\$5,000\.00/);
    const [, after = ''] =
      /these 1: --after (\S+) shows the next, --csv all of them/.exec(first.stderr) ?? [];
    const second = await run(['statement', '--buyer', 'northwind', '--limit', '1', '--after', after]);
    expect(second.stdout).toMatch(/brought forward +\$5,000\.00/);
    expect(second.stdout).toMatch(/closing balance +\$5,250\.50/);
    expect(second.stderr).toBe('');
    const csv = (...args: string[]) => run(['statement', '--buyer', 'northwind', '--csv', ...args]);
    expect(await csv('--limit', '1')).toEqual(await csv());
    const json: unknown = JSON.parse(
      (await run(['statement', '--buyer', 'northwind', '--json', '--limit', '1'])).stdout,
    );
    expect(json).toMatchObject({ currencies: [{ continues: true, bookings: [{}] }], next: after });
  });

  test.each([
    ['open', 'pings', 60_000, 'left out (pings)', 'left out until TIME UTC after 10 failures'],
    ['open', 'posts', 60_000, 'left out (posts)', 'left out until TIME UTC after 10 failures'],
    [
      'half_open',
      'pings',
      -1,
      'fails (10 in a row)',
      '10 failures in a row, and the next lead tries it again',
    ],
  ] as const)(
    'lists a buyer whose circuit is %s for %s, and why',
    async (circuit, line, leftMs, server, remark) => {
      const until = Date.now() + leftMs;
      const last = { reason: 'invalid_response', detail: 'not JSON: an HTML page' } as const;
      const failing = { failures: 10, opens: 1, openedAt: until - 60_000, until, version: 1, last };
      await database.circuits.replaceOne({ _id: circuitId('fabrikam', line) }, failing, { upsert: true });
      const { stdout } = await run(['buyers', 'list', '--json']);
      expect(JSON.parse(stdout)).toMatchObject({
        buyers: [
          { id: 'fabrikam', circuit, failing: [line] },
          { id: 'northwind', circuit: 'closed', failing: [] },
        ],
      });
      const inWords = (await run(['buyers', 'list'])).stdout;
      expect(inWords.replace(/ +/g, ' ')).toContain(`fabrikam yes ${server} on account`);
      const why = remark.replace('TIME', new Date(until).toISOString().slice(11, 16));
      expect(inWords).toContain(`fabrikam, ${line}: ${why}: invalid_response, not JSON: an HTML page\n`);
      await database.circuits.deleteOne({ _id: circuitId('fabrikam', line) });
    },
  );

  test('lists a buyer’s answers of the last 24 hours with their errors', async () => {
    const at = new Date();
    const answer = { buyer: 'fabrikam', of: 'pings', test: false, id: 'p-1', at } as const;
    const slip = { reason: 'invalid_response', detail: 'bid is too large' } as const;
    countAnswer(database, { ...answer, isYes: true });
    countAnswer(database, { ...answer, isYes: false, fault: slip });
    countAnswer(database, {
      ...answer,
      isYes: false,
      fault: { reason: 'no_by_status', detail: 'HTTP 401' },
    });
    const post = { ...answer, of: 'posts', id: 'q-1', isYes: false } as const;
    countAnswer(database, post);
    countAnswer(database, { ...post, fault: { reason: 'uncertain', detail: 'HTTP 500' } });
    await flushAnswers(database);
    const id = circuitId('fabrikam', 'pings');
    await recordServerAnswer(database, id, { failure: slip, isKnown: false, now: at.getTime() });
    const { stdout } = await run(['buyers', 'list']);
    expect(stdout).toMatch(/fabrikam +yes +fails \(1 in a row\) +on account +0 +3 +1 +1 +1 +2 +0 +1 +1\n/);
    expect(stdout).toMatch(
      /pings 24h +bids +no bids +pings not used +posts 24h +accepted +refused +posts not used\n/,
    );
    const latest = `latest at ${at.toISOString().slice(11, 16)} UTC, ping_id p-1)`;
    for (const line of [
      'fabrikam, pings: 1 of 10 failures in a row: invalid_response, bid is too large',
      `fabrikam, pings in the last 24 h: 1 not used, invalid_response (bid is too large; ${latest}`,
      `fabrikam, pings in the last 24 h: 1 refused by a 4xx status (HTTP 401; ${latest}`,
    ])
      expect(stdout).toContain(`${line}\n`);
    const json: unknown = JSON.parse((await run(['buyers', 'list', '--json'])).stdout);
    expect(json).toMatchObject({
      buyers: [{ id: 'fabrikam', last_24h: { pings: 3, bids: 1 } }, { last_24h: { pings: 0, unused: [] } }],
    });
    await database.circuits.deleteOne({ _id: id });
  });

  test('ends with 1 if the books are inconsistent, and names the place', async () => {
    expect(await run(['books', 'check'])).toMatchObject({ code: 0, stderr: '' });
    await database.usage.updateOne({ _id: 'buyer:northwind' }, { $inc: { balance: 1 } });
    const checked = await run(['books', 'check', '--json']);
    expect(checked).toMatchObject({ code: 1, stderr: 'The books differ in 1 place.\n' });
    expect(JSON.parse(checked.stdout)).toMatchObject({ ok: false, differences: [{ id: 'buyer:northwind' }] });
    await database.usage.updateOne({ _id: 'buyer:northwind' }, { $inc: { balance: -1 } });
  });

  test.each([
    [['statement'], 'Name one account: --buyer ID, --seller CODE or --house.'],
    [['statement', '--house', '--from', '2026-11-30', '--to', '2026-11-01'], 'is before its first'],
    [['buyers', 'topup', 'fabrikam', '5', '--ref', 'a'], 'fabrikam is not prepaid'],
    [['buyers', 'topup', 'northwind', '5.001', '--ref', 'a'], '5.001 has too many decimals for USD'],
    [['buyers', 'topup', 'northwind', '-5', '--ref', 'a'], 'Write an amount above zero'],
    [['buyers', 'topup', 'northwind', '5'], "required option '--ref <text>' not specified"],
  ])('%j reports the fault', async (args, message) => {
    const ran = await run(args);
    expect(ran.code).not.toBe(0);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toContain(message);
  });
});
