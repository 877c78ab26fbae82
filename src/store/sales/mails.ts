import { randomUUID } from 'node:crypto';
import type { Database } from '../db.js';
import type { MailDocument } from '../documents.js';

/*
 * Sales whose leads are to be e-mailed together (`MailDocument`). One workflow of each contract sends them.
 */

type Mails = Pick<Database, 'mails'>;

/** The largest number of leads in a message. */
const MOST_LEADS = 200;

/** Contracts with waiting leads whose workflow is to be started, unless it runs. */
export const contractsWithMail = async ({ mails }: Mails, now: Date): Promise<string[]> =>
  mails.distinct('contract', { sweepAt: { $lte: now } });

/** The contract's workflow was handled: the sweep looks at its leads again at that time. */
export async function postponeMail({ mails }: Mails, contract: string, sweepAt: Date): Promise<void> {
  await mails.updateMany({ contract, sweepAt: { $lt: sweepAt } }, { $set: { sweepAt } });
}

/** When the contract's next message is due; undefined if no lead waits. */
export async function mailDue({ mails }: Mails, contract: string): Promise<Date | undefined> {
  const [first] = await mails.find({ contract }).sort({ dueAt: 1 }).limit(1).toArray();
  return first?.dueAt;
}

/**
 * The sales of the contract's next message: those of a message that was not delivered yet, else the waiting ones. So a
 * message that is sent again has the same id and no further leads.
 */
export async function takeMail({ mails }: Mails, contract: string): Promise<MailDocument[]> {
  const started = await startedMail({ mails }, contract);
  if (started.length > 0) return started;
  const next = await mails.find({ contract }).sort({ dueAt: 1, _id: 1 }).limit(MOST_LEADS).toArray();
  const isFree = { _id: { $in: next.map(({ _id }) => _id) }, message: { $exists: false } };
  await mails.updateMany(isFree, { $set: { message: randomUUID() } });
  return startedMail({ mails }, contract);
}

/** The sales of one message. There are two if ops have terminated a workflow while it began one. */
async function startedMail({ mails }: Mails, contract: string): Promise<MailDocument[]> {
  const started = await mails.find({ contract, message: { $exists: true } }).toArray();
  return started.filter(({ message }) => message === started[0]?.message);
}

/** The message was delivered. */
export async function dropMail({ mails }: Mails, sent: readonly MailDocument[]): Promise<void> {
  await mails.deleteMany({ _id: { $in: sent.map(({ _id }) => _id) } });
}
