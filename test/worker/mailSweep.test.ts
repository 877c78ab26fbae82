import { expect, test } from 'vitest';
import { createLog } from '../../src/log.js';
import { openDatabase } from '../../src/store/db.js';
import { ensureIndexes } from '../../src/store/upkeep/indexes.js';
import { contractDocument, storeLead, storeMarket } from '../support/market.js';
import { startMailServer } from '../support/smtpServer.js';
import { isolatedSettings } from '../support/stack.js';
import { stepsOn } from '../support/steps.js';
import { workerOf } from '../support/worker.js';

test('A worker sends the e-mails of sales that a dead one has booked', async () => {
  const mail = await startMailServer();
  const smtp = { SMTP_URL: `smtp://127.0.0.1:${mail.port}`, SMTP_FROM: 'leads@exchange.example' };
  const settings = await isolatedSettings(smtp);
  const database = openDatabase(settings);
  await ensureIndexes(database);
  const campaign = await storeMarket(database, {});
  await database.buyers.insertOne({ _id: 'harbor', name: 'Harbor', active: true, secret: 'whsec_c2VjcmV0' });
  const outlet = { email: { to: ['leads@harbor.example'], digest: '1h' }, timeoutMs: 2000 };
  await database.contracts.insertOne(contractDocument(campaign._id, 'harbor', { price: 2500, outlet }));
  const steps = stepsOn(
    database,
    () => Promise.reject(new Error('Harbor has no server')),
    createLog({ LOG_LEVEL: 'silent' }, 'test'),
    smtp,
  );
  for (const _id of [1, 2]) {
    const { _id: leadId } = await storeLead(database, campaign);
    expect(await steps.runRound({ leadId, now: Date.now() })).toMatchObject({ status: 'sold' });
  }
  await database.mails.updateMany({}, { $set: { dueAt: new Date() } });

  const worker = await workerOf(settings);
  try {
    await expect.poll(() => mail.messages.length, { timeout: 20_000 }).toBe(1);
    expect(mail.messages[0]?.raw).toMatch(/^Subject: 2 new leads: Auto Insurance/m);
    await expect.poll(() => database.mails.countDocuments()).toBe(0);
  } finally {
    await worker.stop();
    await database.client.close();
    await mail.close();
  }
});
