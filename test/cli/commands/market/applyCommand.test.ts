import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Settings } from '../../../../src/config.js';
import { readMarketFile } from '../../../../src/market/file/changeMarket.js';
import { applyMarket } from '../../../../src/store/market/apply.js';
import { openDatabase, type Database } from '../../../../src/store/db.js';
import { readTerms } from '../../../../src/store/market/readMarket.js';
import { isolatedSettings } from '../../../support/stack.js';
import { onStore, type Ran } from '../../gavel.js';

const FILE = readFileSync(new URL('../../../market/file/market.yaml', import.meta.url), 'utf8')
  .replace('delay: 15m', 'delay: 15m\n        caps: { day: 50 }')
  .replaceAll(/(category: .*)/g, '$1\n    retention: 90d');
const AUTO = 'campaigns: [{ seller: ACME1234, category: Auto Insurance';
const UNCAPPED = `${AUTO}, contracts: [{ buyer: fabrikam, caps: { day: null }, price: 13.00 }] }]`;
const FABRIKAM = 'ACME1234/auto-insurance/fabrikam';

let settings: Settings;
let database: Database;
const dir = mkdtempSync(join(tmpdir(), 'gavel-apply-'));

beforeAll(async () => {
  settings = await isolatedSettings();
  database = openDatabase(settings);
});
beforeEach(async () => {
  for (const name of ['sellers', 'buyers', 'campaigns', 'contracts', 'ledger', 'usage'] as const)
    await database[name].deleteMany({});
  await applyMarket(database, readMarketFile(FILE));
});
afterAll(async () => {
  await database.db.dropDatabase();
  await database.client.close();
});

function fileOf(text: string): string {
  const file = join(dir, 'change.yaml');
  writeFileSync(file, text);
  return file;
}

const apply = (text: string, args: string[] = []): Promise<Ran> =>
  onStore(settings)(['apply', fileOf(text), ...args]);

/** The same at a terminal with typed input. */
const applyAsked = (text: string, typed: string | Readable): Promise<Ran> =>
  onStore(settings)(['apply', fileOf(text)], typed, { isTerminal: true });

const fabrikam = async () => database.contracts.findOne({ _id: FABRIKAM });

describe('gavel apply', () => {
  test('names the secrets to give to new owners, but none of a buyer that is sent nothing signed', async () => {
    const address = '{ url: https://new.example, timeoutMs: 800 }';
    const both = `ping: ${address}, post: ${address}`;
    const ran = await apply(
      `buyers: [{ id: new, name: New, ${both} }, { id: old, name: Old, ${both}, protocol: { preset: boberdoo-xml, values: { SRC: a, TYPE: 1 } } }]`,
    );
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toContain(
      'Give each new owner its signing secret:\n    gavel secrets show --buyer new\n',
    );
    expect(ran.stdout).not.toContain('--buyer old');
  });

  test('merges: keys that an entry does not name stay', async () => {
    const ran = await apply(`${AUTO}, sale: { floor: 18 } }]\nbuyers: [{ id: fabrikam, active: false }]`);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout.split('\n')).toEqual([
      '~ buyer fabrikam',
      '    active: true → false',
      '~ campaign ACME1234/auto-insurance',
      '    sale.floor: 10.00 → 18.00',
      '= 6 not named by the file, unchanged',
      'Applied 2 changes.',
      '',
    ]);
    expect(await fabrikam()).toMatchObject({ caps: { day: 50 }, price: 1250, delay: 900_000 });
  });

  test('with --replace makes the entry exactly as in the file, after confirmation', async () => {
    const exactly = `${AUTO}, contracts: [{ buyer: fabrikam, price: 13.00 }] }]`;
    const refused = await apply(exactly, ['--replace']);
    expect(refused.code).toBe(4);
    expect(refused.stdout.split('\n')).toEqual([
      '~ campaign ACME1234/auto-insurance',
      '    sale.floor: 10.00 → 0.00',
      '    retention: 90d → nothing',
      '    ! no longer has a retention of its own',
      '    ! lowers sale.floor to 0',
      `~ contract ${FABRIKAM}`,
      '    caps.day: 50 → nothing',
      '    price: 12.50 → 13.00',
      '    delay: 15m → nothing',
      '    ! removes its limit on leads a day',
      '= 6 not named by the file, unchanged',
      '',
    ]);
    expect((await apply(exactly, ['--replace', '--yes'])).code).toBe(0);
    const contract = await fabrikam();
    expect(contract).toMatchObject({ price: 1300 });
    expect(contract).not.toHaveProperty('caps');
    expect(contract).not.toHaveProperty('delay');
  });

  test('without a terminal makes no change that requires confirmation, and names --yes', async () => {
    const refused = await apply(UNCAPPED);
    expect(refused).toMatchObject({
      code: 4,
      stderr:
        '1 change needs a confirmation (marked with !); nothing was changed. Run the command again with --yes to apply the plan.\n',
    });
    expect(refused.stdout).toContain(`~ contract ${FABRIKAM}\n    caps.day: 50 → nothing\n`);
    expect(await fabrikam()).toMatchObject({ caps: { day: 50 }, price: 1250 });
    const asJson = await apply(UNCAPPED, ['--json']);
    expect([asJson.code, JSON.parse(asJson.stdout)]).toMatchObject([
      4,
      {
        dry_run: true,
        changes: expect.arrayContaining([
          expect.objectContaining({ warnings: ['removes its limit on leads a day'] }),
        ]) as object[],
      },
    ]);
    expect((await apply(UNCAPPED, ['--yes'])).stdout).toContain('Applied 1 change.');
    expect(await fabrikam()).toMatchObject({ price: 1300 });
  });

  test.each([
    ['y\n', 0],
    ['n\n', 4],
    ['', 4],
  ])('asks at a terminal: %j ends with %i', async (typed, code) => {
    const ran = await applyAsked(UNCAPPED, typed);
    expect(ran.stdout).toContain('1 change needs a confirmation (marked with !). Apply? [y/N]');
    expect(ran.code).toBe(code);
    expect(await fabrikam()).toMatchObject({ price: code === 0 ? 1300 : 1250 });
    if (code !== 0) expect(ran.stderr).toBe('Nothing was changed.\n');
  });

  test('applies the shown changes or nothing: a concurrent change of the market is a conflict', async () => {
    async function* answerLate() {
      await applyMarket(database, readMarketFile('buyers: [{ id: fabrikam, active: false }]'));
      yield Buffer.from('y\n');
    }
    const ran = await applyAsked(UNCAPPED, Readable.from(answerLate()));
    expect(ran).toMatchObject({
      code: 1,
      stderr:
        'The market has changed since this plan was made; nothing was changed. Run the command again to see the new plan.\n',
    });
    expect(await fabrikam()).toMatchObject({ price: 1250 });
  });

  test('with --dry-run ends with 3 if something would change, and with 0 if nothing', async () => {
    const dry = await apply(UNCAPPED, ['--dry-run']);
    expect(dry).toMatchObject({ code: 3, stderr: 'Dry run: 1 change would be made.\n' });
    expect(dry.stdout).toContain('! removes its limit on leads a day');
    expect(await fabrikam()).toMatchObject({ caps: { day: 50 } });
    expect(await apply(FILE, ['--dry-run', '--replace', '--prune'])).toMatchObject({ code: 0, stderr: '' });
    expect((await apply('buyers: [{}]', ['--dry-run'])).code).toBe(1);
  });

  test('the output of `market show` changes nothing, with and without --replace', async () => {
    const { stdout } = await onStore(settings)(['market', 'show']);
    const before = await readTerms(database);
    for (const how of [[], ['--replace'], ['--replace', '--prune']]) {
      const ran = await apply(stdout, how);
      const [unchanged, outcome] = ran.stdout.split('\n');
      expect(unchanged).toBe('= 8 unchanged');
      expect(outcome).toContain('The market matches the file already; nothing was changed.');
      expect(outcome?.includes('--replace resets them')).toBe(how.length === 0);
      expect(await readTerms(database)).toEqual(before);
    }
  });

  test('lists unchanged entries only with --verbose', async () => {
    const quiet = await apply(`${AUTO}, sale: { floor: 18 } }]`, ['--dry-run']);
    expect(quiet.stdout).toContain('= 7 not named by the file, unchanged\n');
    expect(quiet.stdout).not.toContain('solar');
    const verbose = await apply(`${AUTO}, sale: { floor: 18 } }]`, ['--dry-run', '--verbose']);
    expect(verbose.stdout).toContain('    contract ACME1234/solar/northwind\n');
  });

  test('ends a prepaid balance only if the file says null, after confirmation', async () => {
    await apply('buyers: [{ id: fabrikam, balance: 100.00 }]');
    await apply('buyers: [{ id: fabrikam, name: Fabrikam }]');
    expect(await database.buyers.findOne({ _id: 'fabrikam' })).toMatchObject({ balance: 10_000 });
    const refused = await apply('buyers: [{ id: fabrikam, balance: null }]');
    expect(refused.code).toBe(4);
    expect(refused.stdout).toContain('! ends its prepaid balance');
    expect((await apply('buyers: [{ id: fabrikam, balance: null }]', ['--yes'])).code).toBe(0);
    expect(await database.buyers.findOne({ _id: 'fabrikam' })).not.toHaveProperty('balance');
  });

  test('asks before it creates a campaign with a name similar to another', async () => {
    const solr =
      'campaigns: [{ seller: ACME1234, category: Solr, contracts: [{ buyer: northwind, price: 1 }] }]';
    const refused = await apply(solr);
    expect(refused.code).toBe(4);
    expect(refused.stdout).toContain(
      '+ campaign ACME1234/solr\n    ! is a new campaign; the seller has "Solar" already. Did you mean that one?\n',
    );
    expect((await apply(solr.replace('Solr', 'Boats'))).code).toBe(0);
  });

  test('accepts a change of a simulation, and reports that it ignores the models', async () => {
    const ran = await apply(
      `${AUTO}, contracts: [{ buyer: fabrikam, price: 14, model: { accepts: 90 } }] }]`,
    );
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain(
      `The model of contract ${FABRIKAM} is only for \`gavel simulate\`; \`gavel apply\` ignores it.`,
    );
    expect(await fabrikam()).toMatchObject({ price: 1400 });
    expect(await fabrikam()).not.toHaveProperty('model');
  });

  test('reports only the first position in a file that is not YAML', async () => {
    const ran = await apply(`gavel market show\n${FILE}`);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(
      'change.yaml:1:1  "gavel market show" is not a key with a colon after it; remove it',
    );
    expect(ran.stderr.split('\n').filter((line) => line.includes('change.yaml:'))).toHaveLength(1);
  });
});
