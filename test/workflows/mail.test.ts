import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CampaignDocument } from '../../src/store/documents.js';
import { findStoredLead } from '../../src/store/leads/leads.js';
import { contractsWithMail, postponeMail } from '../../src/store/sales/mails.js';
import { mailWorkflowId, startMail } from '../../src/worker/mailSweep.js';
import { contractDocument, minutes, storeLead, storeMarket } from '../support/market.js';
import { startMailServer, type MailServer } from '../support/smtpServer.js';
import { openLeadWorld, taskIsOver, type LeadWorld } from '../support/timeSkipping.js';

const CONTRACT = 'ACME1234/auto-insurance/harbor';

describe('Leads that are e-mailed together', () => {
  let world: LeadWorld;
  let mail: MailServer;
  let campaign: CampaignDocument;
  beforeAll(async () => {
    mail = await startMailServer();
    const smtp = { SMTP_URL: `smtp://127.0.0.1:${mail.port}`, SMTP_FROM: 'leads@exchange.example' };
    world = await openLeadWorld(undefined, false, smtp);
    campaign = await storeMarket(world.database, {});
    await world.database.buyers.insertOne({
      _id: 'harbor',
      name: 'Harbor',
      active: true,
      secret: 'whsec_c2VjcmV0',
    });
    const outlet = { email: { to: ['leads@harbor.example'], digest: '1h' }, timeoutMs: 2000 };
    await world.database.contracts.insertOne(
      contractDocument(campaign._id, 'harbor', { price: 2500, outlet }),
    );
  });
  beforeEach(() => {
    mail.messages.length = 0;
    mail.refuses.recipient = undefined;
  });
  afterAll(async () => {
    await world.close();
    await mail.close();
  });

  const sell = async (): Promise<string> => {
    const lead = await storeLead(world.database, campaign);
    const { answer } = await world.submit(lead);
    expect(answer.status).toBe('sold');
    return lead._id;
  };
  /** One pass of the sweep; returns the contract's workflow. */
  const sweep = async () => {
    const { client, taskQueue, database } = world;
    const started = await startMail(client, taskQueue, {
      find: (now) => contractsWithMail(database, now),
      postpone: (contract, at) => postponeMail(database, contract, at),
    });
    const handle = client.workflow.getHandle(mailWorkflowId(taskQueue, CONTRACT));
    return { started, handle };
  };

  test('wait in a workflow of their contract, which sends them when the first is due', async () => {
    const first = await sell();
    const { started, handle } = await sweep();
    expect(started).toBe(1);
    await taskIsOver(handle);
    const begun = await world.clock.now();
    await world.clock.passTo(begun + minutes(30));
    const second = await sell();
    // A running workflow is not started again, and finds the lead.
    expect((await sweep()).started).toBe(1);
    expect((await sweep()).started).toBe(0);
    await world.clock.passTo(begun + minutes(58));
    expect(mail.messages).toEqual([]);
    await world.clock.passTo(begun + minutes(61));
    expect(await handle.result()).toEqual({ mails: 1, leads: 2, leftOut: 0 });
    expect(mail.messages).toHaveLength(1);
    for (const id of [first, second]) expect(mail.messages[0]?.raw.replaceAll('=\r\n', '')).toContain(id);
  });

  test('are sent for as long as it takes, and ops see why', async () => {
    const lead = await sell();
    const { handle } = await sweep();
    mail.refuses.recipient = 550;
    await world.clock.passTo((await world.clock.now()) + minutes(40 * 60));
    const { pendingActivities } = (await handle.describe()).raw;
    expect(pendingActivities?.[0]?.lastFailure?.message).toBe('harbor did not confirm it: SMTP 550');
    mail.refuses.recipient = undefined;
    await world.clock.passTo((await world.clock.now()) + minutes(61));
    expect(await handle.result()).toMatchObject({ mails: 1, leads: 1 });
    const told = (await findStoredLead(world.database, lead))?.told ?? [];
    expect(told.length).toBeGreaterThan(30);
    expect(told.at(-1)).toMatchObject({ what: 'e-mail: digest', heard: true });
  });
});
