import type { Digest } from '../src/buyers/outlets/email.js';
import type { OutletPost } from '../src/buyers/outlets/row.js';
import { postedFields } from '../src/market/fields/standardFields.js';
import { metrics } from '../src/metrics.js';
import { currencyOf } from '../src/store/sales/book.js';
import { dropMail, mailDue, takeMail } from '../src/store/sales/mails.js';
import type { MailDocument } from '../src/store/documents.js';
import { findLead, noteNotification } from '../src/store/leads/leads.js';
import type { Deps } from './deps.js';
import { undelivered } from './undelivered.js';

/** When the contract's next message is due, UTC ms; undefined if no lead waits. */
export const nextMail =
  ({ database }: Pick<Deps, 'database'>) =>
  async ({ contract }: { contract: string }): Promise<{ dueAt: number } | undefined> => {
    const dueAt = await mailDue(database, contract);
    return dueAt && { dueAt: dueAt.getTime() };
  };

/**
 * Sends the contract's waiting leads in one message. A repeat sends the same message, less the leads that have been
 * returned, withdrawn or erased in between.
 * @throws ApplicationFailure until it is delivered: retried by Temporal, also after a refusal, because the leads are sold
 */
export const sendMail =
  ({ database, outlets, log }: Deps) =>
  async ({ contract }: { contract: string }): Promise<{ sent: number; leftOut: number }> => {
    const mails = await takeMail(database, contract);
    const [first] = mails;
    if (first?.message === undefined) return { sent: 0, leftOut: 0 };
    const now = await database.contracts.findOne({ _id: contract });
    const outlet = now?.outlet?.email === undefined ? first.outlet : now.outlet;
    const entries = await Promise.all(mails.map((mail) => entryOf(database, mail)));
    const posts = entries.flatMap((entry) => ('post' in entry ? [entry.post] : []));
    const leftOut = entries.flatMap((entry) => ('why' in entry ? [entry] : []));
    const missing = leftOut.filter(({ why }) => why !== RETURNED);
    if (posts.length + missing.length > 0) {
      const result = await outlets.sendDigest(outlet, { id: first.message, posts, leftOut: missing });
      const { ms, detail } = result;
      const delivered = result.answer === 'accepted';
      metrics.notificationAttempt(ms, { kind: 'mail', delivered: String(delivered) });
      log.info({ contract, event: 'mail', leads: posts.length, delivered, detail, ms });
      const noted = {
        at: new Date(),
        what: 'e-mail: digest',
        whom: first.buyer,
        heard: delivered,
        detail,
        ms,
      };
      await Promise.all(posts.map(({ leadId }) => noteNotification(database, leadId, noted)));
      if (!delivered)
        throw undelivered(first.buyer, { ms, delivered, final: false, detail: detail ?? 'no answer' });
    }
    await dropMail(database, mails);
    return { sent: posts.length, leftOut: leftOut.length };
  };

const RETURNED = 'it was returned';

/** A sold lead as it is sent, or why it is not. */
async function entryOf(
  database: Deps['database'],
  { _id: postId, lead: leadId, contract }: MailDocument,
): Promise<{ post: OutletPost } | Digest['leftOut'][number]> {
  const lead = await findLead(database, leadId);
  const claim = lead?.claims[contract];
  if (lead === null || claim?.postId !== postId || claim.status !== 'accepted')
    return { postId, why: RETURNED };
  if (lead.erased) return { postId, why: 'its person was erased' };
  if (lead.withdrawal) return { postId, why: 'it was withdrawn' };
  const { category, test, receivedAt } = lead;
  const { price, exclusive } = claim;
  const currency = currencyOf(claim, lead);
  const fields = postedFields(lead);
  return { post: { postId, leadId, category, price, currency, exclusive, test, receivedAt, lead: fields } };
}
