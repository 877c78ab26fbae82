import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLog } from '../../src/log.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import type { CampaignDocument } from '../../src/store/documents.js';
import { findLead } from '../../src/store/leads/leads.js';
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
});
