import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLog } from '../../src/log.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import type { CampaignDocument } from '../../src/store/documents.js';
import { findLead } from '../../src/store/leads/leads.js';
import { withdraw } from '../../src/store/leads/withdrawals.js';
import { eraseLead } from '../../src/store/persons/erase.js';
import { confirmCollected } from '../../src/store/sales/capacity.js';
import { contractDocument, storeLead, storeMarket } from '../support/market.js';
import { startMailServer, type MailServer } from '../support/smtpServer.js';
import { isolatedSettings } from '../support/stack.js';
import { stepsOn, type Steps } from '../support/steps.js';

const NO_SERVER = () => Promise.reject(new Error('Harbor has no server'));

describe('A contract with an outlet', () => {
  let database: Database;
  let campaign: CampaignDocument;
  let mail: MailServer;
  let steps: Steps;
  beforeAll(async () => {
    database = openDatabase(await isolatedSettings());
    mail = await startMailServer();
    campaign = await storeMarket(database, {});
    await database.buyers.insertOne({
      _id: 'harbor',
      name: 'Harbor',
      active: true,
      secret: 'whsec_c2VjcmV0',
    });
    const outlet = { email: { to: ['leads@harbor.example'] }, timeoutMs: 2000 };
    const terms = { price: 2500, outlet };
    await database.contracts.insertOne(contractDocument(campaign._id, 'harbor', terms));
    const settings = { SMTP_URL: `smtp://127.0.0.1:${mail.port}`, SMTP_FROM: 'leads@exchange.example' };
    steps = stepsOn(database, NO_SERVER, createLog({ LOG_LEVEL: 'silent' }, 'test'), settings);
  });
  beforeEach(() => {
    mail.messages.length = 0;
    mail.refuses.recipient = undefined;
  });
  afterAll(async () => {
    await mail.close();
    await database.client.close();
  });

  const contract = () => `${campaign._id}/harbor`;
  const runRound = async (leadId: string) => steps.runRound({ leadId, now: Date.now() });
  const postsOf = async (leadId: string) => (await findLead(database, leadId))?.claims[contract()];

  test('sells a lead once the mail server has taken it, and books the sale', async () => {
    const { _id: lead } = await storeLead(database, campaign);
    expect(await runRound(lead)).toMatchObject({ status: 'sold' });
    expect(mail.messages).toHaveLength(1);
    const claim = await postsOf(lead);
    expect(claim).toMatchObject({ status: 'accepted', price: 2500 });
    expect(mail.messages[0]?.raw).toContain(`Message-ID: <${claim?.postId ?? ''}@exchange.example>`);
    expect(await database.sales.countDocuments({ lead })).toBe(1);
  });

  test('leaves a post unclear if the mail server can’t take it now, and sends it again', async () => {
    const { _id: lead } = await storeLead(database, campaign);
    mail.refuses.recipient = 451;
    expect(await runRound(lead)).toMatchObject({ status: 'uncertain' });
    expect(await postsOf(lead)).toMatchObject({ status: 'posting' });
    mail.refuses.recipient = undefined;
    expect(await runRound(lead)).toMatchObject({ status: 'sold' });
    expect(mail.messages).toHaveLength(1);
  });

  test('goes to the next bidder if the recipient is refused', async () => {
    const { _id: lead } = await storeLead(database, campaign);
    mail.refuses.recipient = 550;
    expect(await runRound(lead)).toMatchObject({ status: 'unsold' });
    expect(await postsOf(lead)).toMatchObject({ status: 'refused', detail: 'SMTP 550' });
  });

  test('tells the recipient that a post was cancelled', async () => {
    const { _id: lead } = await storeLead(database, campaign);
    mail.refuses.recipient = 451;
    await runRound(lead);
    const postId = (await postsOf(lead))?.postId ?? '';
    mail.refuses.recipient = undefined;
    expect(await steps.cancelPost({ leadId: lead, contract: contract(), postId })).toBe('cancelled');
    expect(mail.messages[0]?.raw).toMatch(/^Subject: Cancelled: /m);
    expect(await postsOf(lead)).toMatchObject({ status: 'cancelled' });
  });

  describe('that sends leads together', () => {
    const digest = (outlet = { email: { to: ['leads@harbor.example'], digest: '1h' }, timeoutMs: 2000 }) =>
      database.contracts.updateOne({ _id: contract() }, { $set: { outlet } });
    beforeAll(() => digest());
    beforeEach(() => database.mails.deleteMany({}));

    /** Sells leads of persons with these first names; returns the ids. */
    async function sell(...names: string[]): Promise<string[]> {
      const ids: string[] = [];
      for (const firstName of names) {
        const fields = { firstName, lastName: 'Doe', phone: '555-123-4567', state: 'TX' };
        const { _id } = await storeLead(database, campaign, { fields });
        expect(await runRound(_id)).toMatchObject({ status: 'sold' });
        ids.push(_id);
      }
      return ids;
    }
    const sendMail = () => steps.sendMail({ contract: contract() });
    const toldOf = async (id = '') => (await findLead(database, id))?.told;
    const messageIds = () => mail.messages.map(({ raw }) => /^Message-ID: (.*)\r$/m.exec(raw)?.[1]);

    test('books each at once, and sends them in one message', async () => {
      const [first = '', second = ''] = await sell('Zadie', 'Quentin');
      expect(mail.messages).toEqual([]);
      expect(await database.sales.countDocuments({ lead: { $in: [first, second] } })).toBe(2);
      const { mailAt, attempts } = (await postsOf(first)) ?? {};
      expect(attempts?.[0]?.detail).toMatch(/^to be e-mailed by 2\d{3}-/);
      expect(await steps.nextMail({ contract: contract() })).toEqual({ dueAt: mailAt?.getTime() });
      expect(await sendMail()).toEqual({ sent: 2, leftOut: 0 });
      expect(mail.messages).toHaveLength(1);
      expect(mail.messages[0]?.raw).toMatch(/Zadie[^]*Quentin/);
      for (const id of [first, second])
        expect(await toldOf(id)).toMatchObject([{ what: 'e-mail: digest', whom: 'harbor', heard: true }]);
      expect(await steps.nextMail({ contract: contract() })).toBeUndefined();
    });

    test('stores nothing of the person beside the lead', async () => {
      await sell('Zadie');
      expect(JSON.stringify(await database.mails.find().toArray())).not.toMatch(/Zadie|Doe|1234567/);
    });

    test('tells in its story that the lead waits for the e-mail', async () => {
      const { _id: leadId } = await storeLead(database, campaign);
      const { lead } = (await runRound(leadId)) as { lead: { story: string } };
      expect(lead.story).toMatch(
        /^Sold to harbor at \$25\.00 .*\. harbor is e-mailed it with others by 2.* UTC\.$/,
      );
    });

    test('sends a message again with the same id and leads until the mail server takes it', async () => {
      const [first] = await sell('Zadie');
      mail.refuses.recipient = 550;
      await expect(sendMail()).rejects.toThrow('harbor did not confirm it: SMTP 550');
      await expect(sendMail()).rejects.toMatchObject({ nonRetryable: false });
      await sell('Quentin');
      mail.refuses.recipient = undefined;
      expect(await sendMail()).toEqual({ sent: 1, leftOut: 0 });
      expect(await toldOf(first)).toMatchObject([{ heard: false }, { heard: false }, { heard: true }]);
      expect(await sendMail()).toEqual({ sent: 1, leftOut: 0 });
      expect(mail.messages[1]?.raw).toContain('Quentin');
      expect(new Set(messageIds()).size).toBe(2);
    });

    test('repeats the id of a message that may have been delivered', async () => {
      await sell('Zadie');
      mail.refuses.recipient = 451;
      await expect(sendMail()).rejects.toThrow();
      mail.refuses.recipient = undefined;
      const waiting = await database.mails.find().toArray();
      await sendMail();
      // As if the worker had died before it could remove them.
      await database.mails.insertMany(waiting);
      await sell('Quentin');
      await sendMail();
      const [one, two] = messageIds();
      expect(one).toBe(two);
      expect(mail.messages[1]?.raw).not.toContain('Quentin');
    });

    test('leaves out leads that were returned, withdrawn or erased before', async () => {
      const [returned = '', withdrawn = '', erased = ''] = await sell('Zadie', 'Quentin', 'Petra', 'Olga');
      await database.leads.updateOne(
        { _id: returned },
        { $set: { [`claims.${contract()}.status`]: 'returned' } },
      );
      await withdraw(database, withdrawn, { by: 'dana (api)' });
      await confirmCollected(database);
      expect(await eraseLead(database, erased, { by: 'dana' })).toMatchObject({ outcome: 'erased' });
      const [returnedPost, withdrawnPost] = await Promise.all([returned, withdrawn].map(postsOf));
      expect(await sendMail()).toEqual({ sent: 1, leftOut: 3 });
      const raw = mail.messages[0]?.raw.replaceAll('=\r\n', '') ?? '';
      expect(raw).toContain('Olga');
      expect(raw).not.toMatch(/Zadie|Quentin|Petra/);
      expect(raw).toContain(
        `post ${withdrawnPost?.postId} was sold to you and is not sent: it was withdrawn`,
      );
      expect(raw).toContain('its person was erased');
      expect(raw).not.toContain(returnedPost?.postId);
    });

    test('is sent to the contract’s present recipients, or to the last ones', async () => {
      await sell('Zadie', 'Quentin');
      await digest({ email: { to: ['new@harbor.example'], digest: '1h' }, timeoutMs: 2000 });
      await sendMail();
      expect(mail.messages[0]?.to).toEqual(['new@harbor.example']);
      await sell('Zadie');
      const found = await database.contracts.findOneAndDelete({ _id: contract() });
      await sendMail();
      expect(mail.messages[1]?.to).toEqual(['new@harbor.example']);
      if (found) await database.contracts.insertOne(found);
    });

    test('sells no lead without a mail server', async () => {
      const { _id: leadId } = await storeLead(database, campaign);
      const without = stepsOn(database, NO_SERVER);
      expect(await without.runRound({ leadId, now: Date.now() })).toMatchObject({ status: 'uncertain' });
      expect(await database.mails.countDocuments()).toBe(0);
      // The next attempt, with one, queues the lead once.
      expect(await runRound(leadId)).toMatchObject({ status: 'sold' });
      await runRound(leadId);
      expect(await database.mails.countDocuments({ lead: leadId })).toBe(1);
    });
  });
});
