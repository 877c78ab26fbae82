import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Settings } from '../../../../src/config.js';
import { openDatabase, type Database } from '../../../../src/store/db.js';
import { claimLead } from '../../../../src/store/sales/claims.js';
import { findStoredLead } from '../../../../src/store/leads/leads.js';
import { buyerDocument, storeLead, storeMarket } from '../../../support/market.js';
import { asEnvironment } from '../../../support/asEnvironment.js';
import { isolatedSettings } from '../../../support/stack.js';
import { gavel, type Ran } from '../../gavel.js';

describe('gavel suppressions', () => {
  let settings: Settings;
  let database: Database;
  const dir = mkdtempSync(join(tmpdir(), 'gavel-'));
  beforeAll(async () => {
    settings = await isolatedSettings();
    database = openDatabase(settings);
  });
  afterAll(async () => {
    await database.client.close();
    rmSync(dir, { recursive: true });
  });

  const run = (args: string[], input?: string): Promise<Ran> =>
    gavel(['suppressions', ...args], asEnvironment(settings), input);

  function file(text: string | Buffer): string {
    const path = join(dir, 'list');
    writeFileSync(path, text);
    return path;
  }

  test('imports a list, and withdraws waiting and in-progress leads of its persons', async () => {
    const campaign = await storeMarket(database, {});
    const waiting = await storeLead(database, campaign, { status: 'pending' });
    const claimed = await storeLead(database, campaign, { status: 'pending' });
    const contract = `${campaign._id}/northwind`;
    const claim = { postId: 'p', round: 1, buyer: 'northwind', exclusive: true, price: 1, earns: 1 };
    await claimLead(database, { lead: claimed._id, contract, ...claim, maxBuyers: 1 });
    const list = file('555-123-4567\nnobody@example.org\n\n(512) 555-0100\n');
    const ran = await run(['import', list, '--seller', 'acme-insurance']);
    expect(ran.stdout).toBe(
      '3 added, 0 were on the list already; 1 waiting lead was withdrawn, and 1 will be unless the buyer that has it now accepts it.\n',
    );
    expect(await findStoredLead(database, waiting._id)).toMatchObject({
      status: 'withdrawn',
      reason: 'suppressed',
    });
    expect(await findStoredLead(database, claimed._id)).toMatchObject({
      status: 'pending',
      withdrawal: { reason: 'suppressed' },
    });
    const again = await run(['import', list, '--seller', 'ACME1234', '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({
      added: 0,
      present: 3,
      withdrawn_leads: 0,
      withdrawing_leads: 0,
      phones: 2,
      emails: 1,
      bad: [],
    });
  });

  test('names each unreadable line, and imports all others', async () => {
    const csv = 'Name;E-Mail;Phone Number\r\n"Doe; J.";j@example.org;\r\nRoe;not an address;12\r\nPoe;;\r\n';
    const ran = await run(['import', file(csv), '--all']);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('1 added');
    expect(ran.stderr).toContain(
      [
        `${join(dir, 'list')}:3  not an e-mail address`,
        `${join(dir, 'list')}:3  not a phone number of 7 to 15 digits`,
        `${join(dir, 'list')}:4  neither a phone number nor an e-mail address`,
        '3 entries can’t be read and were left out; all others were taken.',
      ].join('\n'),
    );
  });

  test.each([[[]], [['--dry-run']], [['--json']]])(
    'fails if it can read no line: import %j',
    async (args) => {
      const ran = await run(['import', file('Phone\n12\n34\n'), '--all', ...args]);
      expect(ran.code).toBe(1);
      expect(ran.stdout).not.toContain('added, ');
      expect(ran.stderr).toContain(`No entry of ${join(dir, 'list')} can be read; nothing was changed.\n`);
    },
  );

  test('lists counts without persons, removes persons, and requires the list’s owner', async () => {
    const removed = await run(['remove', '-', '--seller', 'ACME1234'], '+1 512 555 0100\n512-555-0199\n');
    expect(removed.stdout).toBe('1 removed, 1 were not on the list.\n');
    const { lists } = JSON.parse((await run(['list', '--json'])).stdout) as { lists: object[] };
    expect(lists).toMatchObject([
      { phones: 0, emails: 1 },
      { seller: 'ACME1234', phones: 1, emails: 1 },
    ]);
    const ran = await run(['import', '-'], '');
    expect(ran).toMatchObject({ code: 1, stderr: 'Say whose list: --seller CODE, --buyer ID, or --all.\n' });
  });

  test('reads the National Do Not Call file, and shows its interpretation before an import', async () => {
    const lines = ['202,5550100', '202,5550101', '214,5550187', '999,12345'].join('\n');
    const dry = await run(['import', file(lines), '--all', '--dry-run']);
    expect(dry).toMatchObject({ code: 0, stderr: '3 read …\n' });
    expect(dry.stdout).toBe(
      [
        `${join(dir, 'list')}: UTF-8, separated by commas, no header`,
        'column    read as',
        'column 1  area codes',
        'column 2  phone numbers without their area codes',
        'Phone numbers: 3; e-mail addresses: 0',
        'Entries that can’t be read, which an import leaves out: 1',
        `${join(dir, 'list')}:4  not a phone number of 7 to 15 digits`,
        'A dry run: nothing was changed.\n',
      ].join('\n'),
    );
    expect(await database.suppressions.countDocuments({ scope: '*' })).toBe(1);
    await run(['import', file(lines), '--all']);
    const hash = await database.vault.hash();
    const found = await database.suppressions.findOne({ _id: `*/${hash('phone', '+12145550187')}` });
    expect(found).toMatchObject({ kind: 'phone' });
  });

  test.each([
    [
      'with a byte order mark and semicolons',
      Buffer.from('\uFEFFEmail;Mobile Phone Number\r\n;512-555-0111\r\n'),
    ],
    [
      'as Excel saves Unicode text: UTF-16 with tabs',
      Buffer.from('\uFEFFEmail\tMobile Phone Number\n\t512-555-0111\n', 'utf16le'),
    ],
    ['in UTF-16 without a mark', Buffer.from('Email\tMobile Phone Number\n\t512-555-0111\n', 'utf16le')],
    [
      'with a line that names the separator',
      Buffer.from('sep=;\r\nEmail;Mobile Phone Number\r\n;"512-555-0111"\r\n'),
    ],
    ['with line ends of an old Mac', Buffer.from('Email,Mobile Phone Number\r,512-555-0111\r')],
  ])('reads spreadsheets %s', async (_name, bytes) => {
    const { columns, ...rest } = JSON.parse(
      (await run(['import', file(bytes), '--all', '--dry-run', '--json'])).stdout,
    ) as Record<string, unknown>;
    expect(columns).toEqual([
      { column: 1, name: 'Email', read_as: 'email' },
      { column: 2, name: 'Mobile Phone Number', read_as: 'phone' },
    ]);
    expect(rest).toMatchObject({ phones: 1, emails: 0, bad_entries: 0 });
  });

  test('names the columns that it does not read', async () => {
    const ran = await run(['import', file('Name,Cell,Notes\nDoe,512-555-0112,x\n'), '--seller', 'ACME1234']);
    expect(ran).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Not read: "Name", "Notes".') as string,
    });
  });

  test.each([
    ['Name,City\nDoe,Dallas\n', 'has no column with phone numbers or e-mail addresses; nothing was changed.'],
    ['', 'is empty; nothing was changed.'],
    ['Phone\n"2145550187\n2145550188\n', "can't be read as CSV: Quote Not Closed"],
    [
      'PK\u0003\u0004whatever',
      "can't be read: it is an Excel workbook or a ZIP archive. Save the sheet as CSV",
    ],
    ['a\u0000\u0000b', "can't be read: it is not a text file."],
  ])('rejects an unusable file, and changes nothing: %j', async (text, problem) => {
    const before = await database.suppressions.countDocuments();
    const ran = await run(['import', file(text), '--all']);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain(problem);
    expect(await database.suppressions.countDocuments()).toBe(before);
  });

  test('also supports a buyer’s own list, which withdraws no leads', async () => {
    const campaign = (await database.campaigns.findOne()) ?? (await storeMarket(database, {}));
    await database.buyers.insertOne(
      buyerDocument('northwind', { url: 'https://northwind.example', secret: '' }),
    );
    const lead = await storeLead(database, campaign, {
      fields: { phone: '512-555-0177' },
      status: 'pending',
    });
    const ran = await run(['import', file('512-555-0177\n'), '--buyer', 'northwind']);
    expect(ran.stdout).toBe('1 added, 0 were on the list already; 0 waiting leads were withdrawn.\n');
    expect(await findStoredLead(database, lead._id)).toMatchObject({ status: 'pending' });
    expect((await run(['list'])).stdout).toMatch(/buyer northwind +1 +0 /);
    expect(await run(['import', file('512-555-0177\n'), '--buyer', 'nobody'])).toMatchObject({ code: 1 });
    const both = await run(['import', file('512-555-0177\n'), '--buyer', 'northwind', '--all']);
    expect(both.stderr).toContain('Say whose list');
  });

  test('imports long lists and shows its progress', async () => {
    const lines = Array.from({ length: 6000 }, (_, i) => `512${5_550_000 + i}`);
    const ran = await run(['import', file(lines.join('\n')), '--all']);
    expect(ran.stdout).toContain('6000 added');
    expect(ran.stderr).toBe('5000 read …\n6000 read …\n');
    expect(await database.suppressions.countDocuments({ scope: '*', kind: 'phone' })).toBe(6003);
  });
});
