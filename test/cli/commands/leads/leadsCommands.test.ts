import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Settings } from '../../../../src/config.js';
import { openDatabase, type Database } from '../../../../src/store/db.js';
import type { CampaignDocument, Claim, PostAttempt } from '../../../../src/store/documents.js';
import { asEnvironment } from '../../../support/asEnvironment.js';
import { isolatedSettings } from '../../../support/stack.js';
import { storeLead, storeMarket } from '../../../support/market.js';
import { gavel, type Ran } from '../../gavel.js';

const JOHANNA = {
  fields: {
    firstName: 'Johanna',
    phone: '+12125550187',
    email: 'johanna@example.org',
    state: 'NY',
    zip: '1000',
  },
  sent: { phone: '212-555-0187', email: 'Johanna@Example.org' },
  unread: ['zip'],
  notes: { zip: 'not a ZIP code of 5 or 9 digits; kept as sent', phone: 'sent as mobile' },
  phoneE164: '+12125550187',
  state: 'NY',
};

describe('gavel leads', () => {
  let settings: Settings;
  let database: Database;
  let campaign: CampaignDocument;
  let ids: { sold: string; expired: string; pending: string };
  beforeAll(async () => {
    settings = await isolatedSettings();
    database = openDatabase(settings);
    campaign = await storeMarket(database, {});
    const store = async (lead: object) => (await storeLead(database, campaign, lead))._id;
    ids = {
      sold: await store({ status: 'sold', price: 4500, buyerIds: ['northwind'] }),
      expired: await store({ ...JOHANNA, status: 'expired', reason: 'no_bid' }),
      pending: await store({ ...JOHANNA, status: 'pending' }),
    };
  });
  afterAll(async () => {
    await database.db.dropDatabase();
    await database.client.close();
  });

  const run = (args: string[], env: Partial<Settings> = settings): Promise<Ran> =>
    gavel(['leads', ...args], asEnvironment(env));
  const atTerminal = (args: string[], input = ''): Promise<Ran> =>
    gavel(['leads', ...args], asEnvironment(settings), input, { isTerminal: true });
  const listed = async (...args: string[]): Promise<unknown[]> => {
    const { leads } = JSON.parse((await run(['list', '--json', ...args])).stdout) as {
      leads: { lead_id: string }[];
    };
    return leads.map(({ lead_id }) => lead_id);
  };

  test('lists leads, newest first, without personal data and without a master key', async () => {
    const { MONGODB_URL, MONGODB_DATABASE } = settings;
    const ran = await run(['list', '--limit', '2'], { MONGODB_URL, MONGODB_DATABASE });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const lines = ran.stdout.split('\n');
    expect(lines[1]).toMatch(
      new RegExp(`^${ids.pending} +2.* ACME1234 +landing-page +Auto Insurance +NY +pending`),
    );
    expect(lines[2]).toMatch(new RegExp(`^${ids.expired} .* expired \\(no bid\\)`));
    expect(lines[3]).toBe('These are the newest 2; --limit shows more.');
    expect(ran.stdout).not.toMatch(/Johanna|555-?0187/);
  });

  test('finds leads by phone or e-mail, and by their attributes', async () => {
    expect(await listed('--phone', '+1 (212) 555-0187')).toEqual([ids.pending, ids.expired]);
    expect(await listed('--email', 'johanna@example.ORG', '--status', 'expired')).toEqual([ids.expired]);
    expect(await listed('--seller', 'acme-insurance', '--since', '1h', '--status', 'sold')).toEqual([
      ids.sold,
    ]);
    const wrong = await run(['list', '--phone', '12']);
    expect(wrong).toMatchObject({ code: 1, stderr: '--phone is not a phone number of 7 to 15 digits.\n' });
  });

  test('shows the reading of fields, and the sent values if personal data may be shown', async () => {
    const { stdout: masked } = await run(['show', ids.expired]);
    expect(masked).toMatch(/zip +••• +not a ZIP code of 5 or 9 digits; kept as sent/);
    expect(masked).not.toMatch(/johanna|5550187|555-0187/i);
    const { stdout: shown } = await run(['show', ids.expired, '--personal']);
    expect(shown).toMatch(/phone +\+12125550187 +212-555-0187 +sent as mobile/);
    expect(JSON.parse((await run(['show', ids.expired, '--personal', '--json'])).stdout)).toMatchObject({
      fields: { email: 'johanna@example.org' },
      sent: { email: 'Johanna@Example.org' },
      unread: ['zip'],
    });
  });

  test('names the source that sent a lead, and who withdrew it', async () => {
    const { _id } = await storeLead(database, campaign, { status: 'pending', reason: 'no_bid' });
    const before = await run(['show', _id]);
    expect(before.stdout).toMatch(/^Received 2\S+ \S+ UTC by landing-page; /m);
    expect((await run(['withdraw', _id])).code).toBe(0);
    const { stdout } = await run(['show', _id]);
    expect(stdout).toMatch(/^Lead \S+: withdrawn$/m);
    expect(stdout).toMatch(/^Withdrawn 2\S+ \S+ UTC by \S+@\S+ \(cli\)\.$/m);
  });

  test('shows each attempt of a post, and when the lead ended', async () => {
    const at = new Date('2026-11-24T14:33:02.118Z');
    const endedAt = new Date('2026-11-24T14:33:04Z');
    const attempts: PostAttempt[] = [
      { at, ms: 1200, outcome: 'uncertain', detail: 'HTTP 503' },
      { at: new Date('2026-11-24T14:33:03.900Z'), ms: 81.4, outcome: 'accepted' },
    ];
    const claim: Claim = {
      ...{ postId: 'p', status: 'accepted', round: 1, buyer: 'northwind', exclusive: true },
      ...{ price: 4500, earns: 4500, at, endedAt, attempts },
    };
    const { _id } = await storeLead(database, campaign, {
      ...{ status: 'sold', price: 4500, buyerIds: ['northwind'], endedAt },
      claims: { [`${campaign._id}/northwind`]: claim },
    });
    const { stdout } = await run(['show', _id]);
    expect(stdout).toMatch(/northwind +2026-11-24 14:33:02 UTC +1200 ms +uncertain +HTTP 503/);
    expect(stdout).toMatch(/northwind +2026-11-24 14:33:03 UTC +81 ms +accepted/);
    expect(stdout).toMatch(/^Ended 2026-11-24 14:33:04 UTC\.$/m);
  });

  test('fails to withdraw a sold lead, so that scripts notice it', async () => {
    expect(await run(['withdraw', ids.sold])).toEqual({
      code: 1,
      stdout: '',
      stderr: `Lead ${ids.sold} is sold; it can't be withdrawn.\n`,
    });
    const asJson = await run(['withdraw', ids.sold, '--json']);
    expect(asJson.code).toBe(1);
    expect(JSON.parse(asJson.stdout)).toMatchObject({ status: 'sold' });
  });

  test('shows that a lead was withdrawn because its person is on a suppression list', async () => {
    const withdrawal = { at: new Date(), reason: 'suppressed' as const };
    const { _id } = await storeLead(database, campaign, {
      status: 'withdrawn',
      reason: 'suppressed',
      withdrawal,
    });
    const { stdout } = await run(['show', _id]);
    expect(stdout).toMatch(/^Lead \S+: withdrawn \(suppressed\)$/m);
    expect(stdout).toMatch(/^Withdrawn 2\S+ \S+ UTC because its person is on a suppression list\.$/m);
  });

  test('erases all leads of a person and reports it', async () => {
    const person = ['--phone', '2125550187', '--by', 'Dana'];
    expect((await run(['erase', ...person, '--dry-run'])).stdout).toContain(
      '2 would be erased; nothing was changed.',
    );
    const ran = await run(['erase', ...person]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(new RegExp(`${ids.pending} +erased +2.* Dana +[0-9a-f]{64}`));
    const again = await run(['erase', ids.expired, 'no-such-lead', '--json']);
    expect(again.code).toBe(1);
    expect(JSON.parse(again.stdout)).toMatchObject({
      leads: [{ lead_id: ids.expired, outcome: 'already', by: 'Dana' }, { outcome: 'unknown' }],
    });
    const shown = await run(['show', ids.pending, '--personal']);
    expect(shown.stdout).toContain(`Lead ${ids.pending}: withdrawn`);
    expect(shown.stdout).toContain(' by Dana (erasure).');
    expect(shown.stdout).toMatch(
      /The person was erased 2.* by Dana; SHA-256 of what was there: [0-9a-f]{64}/,
    );
  });

  test('asks at a terminal before it erases, except with --yes', async () => {
    const { _id } = await storeLead(database, campaign, { status: 'expired', reason: 'no_bid' });
    const refused = await atTerminal(['erase', _id], 'n\n');
    expect(refused).toMatchObject({ code: 4, stderr: 'Nothing was erased.\n' });
    expect(refused.stdout).toContain(
      "Permanently erase the person of 1 lead? The data can't be restored. [y/N]",
    );
    expect((await run(['show', _id])).stdout).not.toContain('was erased');
    const none = await atTerminal(['erase', '--phone', '2125550999']);
    expect(none.stdout).toBe('There is no such lead.\n');
    const { stdout } = await atTerminal(['erase', _id, '--yes']);
    expect(stdout).not.toContain('[y/N]');
    expect(stdout).toMatch(new RegExp(`${_id} +erased `));
  });

  test('shows control characters as symbols, from any writer', async () => {
    const fields = {
      ...JOHANNA.fields,
      firstName: 'Jo\u001b[2Jhn\u009b31m',
      comment: 'well\rsold\u202e\nthen',
    };
    const posted = {
      postId: 'post',
      status: 'refused' as const,
      round: 1,
      buyer: 'northwind',
      exclusive: true,
    };
    const claim = { ...posted, price: 1, earns: 1, at: new Date(), detail: '\u001b]0;owned\u0007' };
    const { _id } = await storeLead(database, campaign, {
      fields,
      status: 'expired',
      claims: { [`${campaign._id}/northwind`]: claim },
    });
    const { stdout } = await run(['show', _id, '--personal']);
    expect(stdout).toMatch(/firstName +Jo␛\[2Jhn\\u\{9b\}31m\n/);
    expect(stdout).toMatch(/comment +well␍sold\\u\{202e\}␊then\n/);
    expect(stdout).toContain('␛]0;owned␇');
    const asJson = await run(['show', _id, '--personal', '--json']);
    expect(asJson.stdout).toContain(String.raw`Jo\u001b[2Jhn\u009b31m`);
    expect(JSON.parse(asJson.stdout)).toMatchObject({ fields });
    const refused = await run(['erase', _id, '--by', 'Dana\u001b[2J']);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('by contains invisible characters');
  });

  test('erase requires leads or a person, and not both', async () => {
    const ran = await run(['erase']);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain('Name the leads by their ids, or the person by --phone or --email.');
  });
});
