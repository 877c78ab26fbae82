import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Settings } from '../../src/config.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { claimLead } from '../../src/store/claims.js';
import { findStoredLead } from '../../src/store/leads.js';
import { storeLead, storeMarket } from '../support/market.js';
import { asEnvironment } from '../support/asEnvironment.js';
import { isolatedSettings } from '../support/stack.js';
import { gavel, type Ran } from './gavel.js';

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

  function file(text: string): string {
    const path = join(dir, 'list');
    writeFileSync(path, text);
    return path;
  }

  test('takes a list, and withdraws leads of its persons that wait or that a buyer holds', async () => {
    const campaign = await storeMarket(database, {});
    const waiting = await storeLead(database, campaign, { status: 'pending' });
    const held = await storeLead(database, campaign, { status: 'pending' });
    const contract = `${campaign._id}/northwind`;
    const claim = { postId: 'p', round: 1, buyer: 'northwind', exclusive: true, price: 1, earns: 1 };
    await claimLead(database, held._id, contract, claim, 1);
    const list = file('555-123-4567\nnobody@example.org\n\n(512) 555-0100\n');
    const ran = await run(['import', list, '--seller', 'acme-insurance']);
    expect(ran.stdout).toBe(
      '3 added, 0 were there before; 1 waiting leads of theirs were withdrawn, and 1 will be unless the buyer that holds it now takes it.\n',
    );
    expect(await findStoredLead(database, waiting._id)).toMatchObject({
      status: 'withdrawn',
      reason: 'suppressed',
    });
    expect(await findStoredLead(database, held._id)).toMatchObject({
      status: 'pending',
      withdrawal: { reason: 'suppressed' },
    });
    const again = await run(['import', list, '--seller', 'ACME1234', '--json']);
    expect(JSON.parse(again.stdout)).toEqual({
      added: 0,
      present: 3,
      withdrawn_leads: 0,
      withdrawing_leads: 0,
      bad: [],
    });
  });

  test('names each line that it can’t read, and takes all others', async () => {
    const csv = 'Name;E-Mail;Phone Number\r\n"Doe; J.";j@example.org;\r\nRoe;not an address;12\r\nPoe;;\r\n';
    const ran = await run(['import', file(csv), '--all']);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain('1 added');
    expect(ran.stderr).toContain(
      [
        `${join(dir, 'list')}:3  not an e-mail address`,
        `${join(dir, 'list')}:3  not a phone number of 7 to 15 digits`,
        `${join(dir, 'list')}:4  neither a phone number nor an e-mail address`,
        '3 entries were left out; all others were taken.',
      ].join('\n'),
    );
  });

  test('lists figures and no persons, takes persons off, and wants to know whose list', async () => {
    const removed = await run(['remove', '-', '--seller', 'ACME1234'], '+1 512 555 0100\n512-555-0199\n');
    expect(removed.stdout).toBe('1 removed, 1 were not there.\n');
    const { lists } = JSON.parse((await run(['list', '--json'])).stdout) as { lists: object[] };
    expect(lists).toMatchObject([
      { phones: 0, emails: 1 },
      { seller: 'ACME1234', phones: 1, emails: 1 },
    ]);
    const ran = await run(['import', '-'], '');
    expect(ran).toMatchObject({ code: 1, stderr: 'Say whose list: --seller CODE, or --all.\n' });
  });

  test('takes long lists, and shows how far it is', async () => {
    const lines = Array.from({ length: 12_000 }, (_, i) => `512${5_550_000 + i}`);
    const ran = await run(['import', file(lines.join('\n')), '--all']);
    expect(ran.stdout).toContain('12000 added');
    expect(ran.stderr).toBe('5000 read …\n10000 read …\n12000 read …\n');
    expect(await database.suppressions.countDocuments({ scope: '*', kind: 'phone' })).toBe(12_000);
  });
});
