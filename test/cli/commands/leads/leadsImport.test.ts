import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openApiWorld, type ApiWorld } from '../../../api/world.js';
import { openFlakyProxy, type FlakyProxy } from '../../../clients/flakyProxy.js';
import { gavel, type Ran } from '../../gavel.js';

const HEAD = 'First Name,Last Name,Cell #,State,E-Mail,Notes';
const row = (i: number): string => `Ann,Roe ${i},214555${String(1000 + i)},TX,ann${i}@example.com,called`;
const SET = ['--set', 'seller=ACME1234', '--set', 'category=Auto Insurance', '--map', 'Cell #=phone'];

describe('gavel leads import', () => {
  let world: ApiWorld;
  let proxy: FlakyProxy;
  const dir = mkdtempSync(join(tmpdir(), 'gavel-'));
  beforeAll(async () => {
    world = await openApiWorld();
    proxy = await openFlakyProxy(world.api.address);
    // The client's pauses before other attempts are random: a twentieth of the longest.
    vi.spyOn(Math, 'random').mockReturnValue(0.05);
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    proxy.close();
    await world.close();
    rmSync(dir, { recursive: true });
  });

  const stored = (): Promise<number> => world.database.leads.countDocuments();
  const file = (name: string, lines: string[]): string => {
    const path = join(dir, name);
    writeFileSync(path, `${lines.join('\n')}\n`);
    return path;
  };
  const run = (path: string, args: string[] = SET): Promise<Ran> =>
    gavel(['leads', 'import', path, '--url', proxy.address, '--no-wait', ...args], { GAVEL_KEY: world.key });

  test('sends each row once, also when it is run again', async () => {
    const path = file('twice.csv', [HEAD, row(1), row(2), row(3)]);
    const before = await stored();
    const first = await run(path);
    expect(first).toEqual({
      code: 0,
      stdout: '3 of 3 rows were accepted (3 pending).\n',
      stderr: '',
    });
    expect((await stored()) - before).toBe(3);
    const lead = await world.database.leads.findOne({}, { sort: { receivedAt: -1 } });
    expect(lead).toMatchObject({ seller: 'ACME1234', category: 'Auto Insurance', state: 'TX' });
    const again = await run(path);
    expect(again.stdout).toBe('0 of 3 rows were accepted; 3 were accepted before.\n');
    expect((await stored()) - before).toBe(3);
    // Without its state, the rows still have their idempotency keys.
    const replayed = await run(path, [...SET, '--state', join(dir, 'other.import'), '--json']);
    expect(JSON.parse(replayed.stdout)).toMatchObject({ rows: 3, accepted: 3, replayed: 3, rejected: 0 });
    expect((await stored()) - before).toBe(3);
  });

  test('writes refused rows into a file with their reasons, which can be corrected and imported', async () => {
    const path = file('bad.csv', [
      HEAD,
      row(11),
      'Ann,,2145551234,TX,,"a ""quoted"" note"',
      'Ann,Roe,2145551234,TX,,a,b',
      row(12),
    ]);
    const ran = await run(path);
    expect(ran).toMatchObject({ code: 0, stdout: '2 of 4 rows were accepted (2 pending).\n' });
    const rejects = `${path}.rejects.csv`;
    expect(ran.stderr).toContain(
      `2 were refused. ${rejects} has them with the reasons: correct and import it.`,
    );
    expect(statSync(rejects).mode & 0o077).toBe(0);
    const [head, ...lines] = readFileSync(rejects, 'utf8').trimEnd().split('\r\n');
    expect(head).toBe(`${HEAD},gavel_line,gavel_reason`);
    expect(lines.sort()).toEqual([
      'Ann,,2145551234,TX,,"a ""quoted"" note",3,Missing required field: Correct these fields and send it again: lastName (missing).',
      'Ann,Roe,2145551234,TX,,a,4,"the row has 7 cells, the first line has 6; a quote may be missing"',
    ]);
    writeFileSync(rejects, readFileSync(rejects, 'utf8').replace('Ann,,', 'Ann,Poe,'));
    const corrected = await run(rejects);
    expect(corrected).toMatchObject({ code: 0, stdout: '2 of 2 rows were accepted (2 pending).\n' });
    const names = await world.database.leads.distinct('notes');
    expect(JSON.stringify(names)).not.toContain('gavel_reason');
    // The first file has its rows again, and does not write over the corrections.
    await run(path);
    expect(existsSync(`${path}.rejects-2.csv`)).toBe(true);
  });

  test('goes on after an interruption, and sends no row twice', async () => {
    const path = file('broken.csv', [HEAD, ...Array.from({ length: 30 }, (_, i) => row(100 + i))]);
    const before = await stored();
    proxy.faults.push({ breaks: 'within', afterLines: 4 });
    proxy.faults.push(...Array<FlakyProxy['faults'][number]>(4).fill({ breaks: 'after' }));
    const broken = await run(path);
    expect(broken.code).toBe(1);
    expect(broken.stderr).toMatch(/4 of 30 rows are accepted\. Run the same command again to go on\.\n$/);
    appendFileSync(`${path}.import`, '{"line": 7, "lead');
    const resumed = await run(path);
    expect(resumed.stdout).toBe('26 of 30 rows were accepted (26 pending); 4 were accepted before.\n');
    expect((await run(path)).stdout).toContain('0 of 30 rows were accepted; 30 were accepted before.');
    expect((await stored()) - before).toBe(30);
  }, 60_000);

  test('refuses a file that has changed since its import began, and another exchange', async () => {
    const path = file('changed.csv', [HEAD, row(201)]);
    await run(path);
    const elsewhere = await run(path, [...SET, '--url', world.api.address]);
    expect(elsewhere.stderr).toContain(`The file was imported to ${proxy.address}`);
    appendFileSync(path, `${row(202)}\n`);
    const changed = await run(path);
    expect(changed).toMatchObject({ code: 1, stdout: '' });
    expect(changed.stderr).toContain('The file has changed since its import began');
  });

  test('shows what the rows become, and sends nothing, by a dry run', async () => {
    const path = file('dry.csv', [HEAD, row(301), 'Ann,,214555,Texass,,']);
    const before = await stored();
    const dry = await run(path, [...SET, '--dry-run']);
    expect(dry.code).toBe(0);
    expect(dry.stdout.replaceAll(/ +/g, ' ')).toContain(
      [
        'column sent as means rows',
        'First Name First Name firstName 2',
        'Last Name Last Name lastName 1',
        'Cell # phone phone 2',
        'State State state 2',
        'E-Mail E-Mail email 1',
        'Notes Notes a custom field 1',
      ].join('\n'),
    );
    expect(dry.stdout).toContain('Rows: 2; that would be refused: 1\n');
    expect(dry.stdout).toContain('1 × lastName: missing (line 3)');
    expect(dry.stdout).toContain('A dry run: nothing was sent.');
    const rows = (await run(path, [...SET, '--dry-run', '--json'])).stdout.trimEnd().split('\n');
    expect(JSON.parse(rows[0] ?? '')).toMatchObject({
      line: 2,
      lead: { firstName: 'Ann', phone: '+12145551301', state: 'TX', email: 'ann301@example.com' },
      faults: [],
    });
    expect(rows).toHaveLength(2);
    expect(await stored()).toBe(before);
    expect(existsSync(`${path}.import`)).toBe(false);
  });

  test('takes its mapping from a file; options go before it', async () => {
    const mapping = join(dir, 'mapping.yaml');
    writeFileSync(
      mapping,
      'columns: { cell: phone, Notes: null }\nset: { seller: ACME1234, category: Roofing }\n',
    );
    const path = file('mapped.csv', [HEAD, row(401)]);
    const args = ['--mapping', mapping, '--set', 'category=Solar', '--map', 'State=state'];
    expect(await run(path, args)).toMatchObject({
      code: 0,
      stdout: '1 of 1 rows were accepted (1 pending).\n',
    });
    const lead = await world.database.leads.findOne({ category: 'Solar' }, { sort: { receivedAt: -1 } });
    expect(lead).not.toBeNull();
  });

  test.each<[string, string[], string[], string]>([
    [
      'an unknown column',
      [HEAD, row(1)],
      ['--map', 'Fax=phone'],
      'The file has no column "Fax". Its columns are "First Name"',
    ],
    ['two columns of one name', ['Name,Name', 'a,b'], [], 'Two columns are named "Name".'],
    [
      'two columns for one field',
      ['A,B', 'a,b'],
      ['--map', 'A=phone', '--map', 'B=phone'],
      'Two columns are sent as "phone".',
    ],
    ['an empty file', [], [], 'is empty'],
    ['a quote that is never closed', [HEAD, '"Ann'], SET, "can't be read as CSV"],
    [
      'an address without encryption',
      [HEAD, row(1)],
      ['--url', 'http://leads.example'],
      '--url takes an https address',
    ],
  ])('sends nothing from a file with %s', async (_name, lines, args, problem) => {
    const before = await stored();
    const path = join(dir, 'unusable.csv');
    writeFileSync(path, lines.join('\n'));
    const ran = await run(path, args);
    expect([ran.code, ran.stdout]).toEqual([1, '']);
    expect(ran.stderr).toContain(problem);
    expect(await stored()).toBe(before);
  });

  test('needs the key of a source, and says which part of a pair is missing', async () => {
    const path = file('key.csv', [HEAD, row(501)]);
    const ran = await gavel(['leads', 'import', path, ...SET], {});
    expect(ran).toMatchObject({
      code: 1,
      stderr: 'GAVEL_KEY is not set. Set it to a key of the source. Nothing was sent.\n',
    });
    expect(await run(path, ['--set', 'seller'])).toMatchObject({ code: 2 });
    const wrong = await gavel(['leads', 'import', path, '--url', proxy.address, ...SET], {
      GAVEL_KEY: world.key.replace(/.{6}$/, 'AAAAAA'),
    });
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr).toContain('Invalid API Key: ');
  });
});
