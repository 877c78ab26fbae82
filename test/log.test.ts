import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newLead } from '../src/api/leads/acceptLead.js';
import { createLog } from '../src/log.js';
import { givenFrom } from './support/givenFrom.js';
import { readLead } from '../src/market/intake/readLead.js';
import { packageRoot } from '../src/packageRoot.js';
import { openDatabase, type Database } from '../src/store/db.js';
import { findStoredLead, insertLead } from '../src/store/leads/leads.js';
import type { LeadDocument } from '../src/store/documents.js';
import { findCampaign } from '../src/store/market/storedTerms.js';
import { storeMarket } from './support/market.js';
import { isolatedSettings } from './support/stack.js';

function openLog() {
  const lines: string[] = [];
  return { lines, log: createLog({ LOG_LEVEL: 'info' }, 'test', { write: (line) => void lines.push(line) }) };
}

test('The log omits personal data of leads and requests, and every key', () => {
  const { lines, log } = openLog();
  const fields = { firstName: 'Zebulon', phone: '555-123-4567' };
  const request = { headers: { authorization: 'Bearer Zebulon' }, body: fields, query: fields };
  log.info({ event: 'careless', lead: { _id: '01a2', fields }, request, stored: { key: 'Zebulon' } });
  log.info({ event: 'careless', fields, body: fields, query: fields, secret: 'Zebulon', req: request });
  expect(lines).toHaveLength(2);
  expect(lines.join('')).toContain('01a2');
  expect(lines.join('')).not.toMatch(/zebulon|4567/i);
});

test('Lines that are logged right before the process exits are written', () => {
  const program = `
    import { createLog } from './src/log.js';
    const log = createLog({ LOG_LEVEL: 'info' }, 'test');
    log.info('first');
    log.info('second');
    setImmediate(() => {
      log.info('third');
      log.info('last');
      process.exit(0);
    });`;
  const node = ['--import', 'tsx', '--input-type=module', '--eval', program];
  const { stdout } = spawnSync(process.execPath, node, { cwd: packageRoot, encoding: 'utf8' });
  const messages = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
  expect(messages.toSorted()).toEqual(['first', 'last', 'second', 'third']);
}, 30_000);

describe('A log line with a whole lead', () => {
  let database: Database;
  let lead: LeadDocument;
  beforeAll(async () => {
    database = openDatabase(await isolatedSettings());
    await storeMarket(database, {});
    lead = await leadWithEverything();
    await insertLead(database, lead);
  });
  afterAll(async () => {
    await database.db.dropDatabase();
    await database.client.close();
  });

  /** A lead as made by the API from a request with all personal fields. */
  async function leadWithEverything(): Promise<LeadDocument> {
    const receivedAt = new Date();
    const given = {
      seller: 'ACME1234',
      category: 'Auto Insurance',
      firstName: 'Zebulon',
      lastName: 'Quatermain',
      phone: '555-867-5309',
      email: 'zq@example.org',
      state: 'TX',
      nickname: 'Zebbie',
    };
    const sent = givenFrom(Object.entries(given));
    const campaign = await findCampaign(database, 'ACME1234', 'auto insurance');
    if (!campaign) throw new Error('The market has no such campaign');
    const request = {
      key: {
        _id: 'key_test',
        source: 'landing-page',
        hash: '',
        seller: 'ACME1234',
        test: false,
        createdAt: receivedAt,
      },
      given: sent,
      reading: readLead(sent, { required: [] }),
      campaign,
      idempotencyKey: 'form of zq@example.org',
      answerWithinMs: 1000,
      receivedAt,
    };
    return newLead(database, request, 1000);
  }

  /** Expects no personal data and no hash of a person. @returns the names that a line shows in full */
  function shownOf(line: string, at: (line: Record<string, unknown>) => unknown): string[] {
    expect(line).not.toMatch(/zebulon|quatermain|zebbie|zq@|867.?5309/i);
    for (const hash of [lead.match.phone, lead.match.email, lead.idempotency?.key]) {
      expect(hash).toMatch(/./);
      expect(line).not.toContain(hash);
    }
    const shown = at(JSON.parse(line) as Record<string, unknown>) as object;
    return Object.entries(shown).flatMap(([name, value]) => (value === '[not logged]' ? [] : [name]));
  }

  /** A new field of a lead must be added here or to the fields omitted from the log. */
  const SHOWN = [
    '_id',
    'campaign',
    'category',
    'claimed',
    'claims',
    'currency',
    'dueAt',
    'matchRule',
    'notes',
    'receivedAt',
    'rounds',
    'seller',
    'source',
    'state',
    'status',
    'test',
    'unread',
    'updatedAt',
  ];

  test('shows no personal data, as a field or as the whole line, in memory or stored form', async () => {
    const { lines, log } = openLog();
    const stored = await findStoredLead(database, lead._id);
    log.info({ lead });
    log.info({ stored });
    expect(shownOf(lines[0] ?? '', (line) => line.lead).sort()).toEqual(SHOWN);
    expect(shownOf(lines[1] ?? '', (line) => line.stored).sort()).toEqual(SHOWN);
    log.info(lead);
    log.info(stored);
    for (const line of lines.slice(2)) shownOf(line, (all) => all);
  });
});
