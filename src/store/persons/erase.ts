import { createHash } from 'node:crypto';
import type { Binary, ClientSession } from 'mongodb';
import { personIds } from '../../market/limits/duplicates.js';
import { ENDED } from '../../market/model/lead.js';
import { auditDocument, changedValues, type Actor } from '../audit.js';
import type { AuditEvent, Erasure, SealedFields, SealedPerson, StoredLead, Claim } from '../documents.js';
import type { Database } from '../db.js';
import { findStoredLead, IDEMPOTENCY_KEPT_MS } from '../leads/leads.js';
import { withdraw } from '../leads/withdrawals.js';
import { inTransaction } from '../transaction.js';
import { roundsOfLead } from '../leads/rounds.js';
import type { Round } from '../../market/model/round.js';

/**
 * The outcome. `already`: it was erased before. `unsettled`: a post is in progress, or the lead was modified concurrently;
 * nothing was changed, and the lead can be erased once that is settled.
 */
type EraseResult = { outcome: 'erased' | 'already'; erasure: Erasure } | { outcome: 'unsettled' | 'unknown' };

interface Options {
  /** The actor, for the erasure record. */
  by: string;
  /** The actor, for the audit log; absent if the retention erases it. */
  asked?: Actor;
  /** Notifies the workflow of a lead that is withdrawn before its erasure. */
  withdrawn?: (leadId: string) => unknown;
}

/**
 * Permanently erases the personal data of a lead with their key, and the hashes that find the person, in one
 * transaction: copies of the database that are made afterwards contain nothing of the person. Buyers' free text goes
 * too. The rest of the lead, its sales and the ledger stay. For the 24 hours in which its request may be repeated, the
 * keyed hash of its `Idempotency-Key` stays too: without it, a repeat would become a new lead of the erased person
 * (`forgetRepeats` removes it then). A lead on sale is withdrawn first. A lead with a post in progress is `unsettled`, and
 * no other buyer gets it.
 */
export async function eraseLead(
  database: Database,
  leadId: string,
  { by, asked, withdrawn }: Options,
): Promise<EraseResult> {
  const lead = await findStoredLead(database, leadId);
  if (lead === null) return { outcome: 'unknown' };
  if (lead.erased) return { outcome: 'already', erasure: lead.erased };
  const withdrawal = { by: `${by} (erasure)`, asked: 'erasure' } as const;
  if (!ENDED.includes(lead.status)) {
    await withdraw(database, leadId, withdrawal);
    withdrawn?.(leadId);
  }
  const erasure: Erasure = { at: new Date(), by, sha256: lead.person && fingerprint(lead.person) };
  if (await destroy(database, lead, erasure, asked)) return { outcome: 'erased', erasure };
  const now = await findStoredLead(database, leadId);
  if (now?.erased) return { outcome: 'already', erasure: now.erased };
  // A partly sold lead too: no other buyer may get the person.
  await withdraw(database, leadId, withdrawal);
  return { outcome: 'unsettled' };
}

/** Returns false if a post or a reservation is in progress. */
async function destroy(
  database: Database,
  lead: StoredLead,
  erased: Erasure,
  asked: Actor | undefined,
): Promise<boolean> {
  const { _id, match } = lead;
  const { set, unset } = erasedFields(lead, erased, erased.at);
  const settled = { 'unsettled.0': { $exists: false }, $expr: nothingUnderWay };
  return inTransaction(database.client, async (session) => {
    const { matchedCount } = await database.leads.updateOne(
      { _id, status: { $in: [...ENDED] }, erased: { $exists: false }, ...settled },
      { $set: set, $unset: unset },
      { session },
    );
    if (matchedCount === 0) return false;
    await eraseBuyerText(database, _id, session);
    // Its purchases are found by the same hashes.
    const persons = { _id: { $in: personIds(match) } };
    await database.persons.updateMany(persons, { $pull: { purchases: { lead: _id } } }, { session });
    await database.persons.deleteMany({ ...persons, purchases: { $size: 0 } }, { session });
    if (asked) {
      const values = changedValues({}, { 'erased.by': erased.by, 'erased.sha256': erased.sha256 });
      const event: AuditEvent = { kind: 'lead', id: _id, did: 'erased', values };
      await database.audit.insertOne(auditDocument(asked, event), { session });
    }
    return true;
  });
}

export function erasedFields(
  { receivedAt, idempotency }: Pick<StoredLead, 'receivedAt' | 'idempotency'>,
  erased: Erasure,
  now: Date,
) {
  const repeatsUntil = new Date(receivedAt.getTime() + IDEMPOTENCY_KEPT_MS);
  const mayBeRepeated = idempotency !== undefined && repeatsUntil > now;
  const ofRequest = mayBeRepeated ? 'idempotency.fingerprint' : 'idempotency';
  return {
    set: { erased, match: {}, repeatsUntil: mayBeRepeated ? repeatsUntil : undefined },
    // The name of an undeclared field may contain a person's name.
    unset: { person: '', unread: '', notes: '', withoutPerson: '', [ofRequest]: '' } as const,
  };
}

/**
 * Removes the hashes that `eraseLead` keeps for repeats of a request, once repeats no longer count.
 * @param now UTC ms
 */
export async function forgetRepeats({ leads }: Database, now: number): Promise<void> {
  await leads.updateMany(
    { repeatsUntil: { $lte: new Date(now) } },
    { $unset: { idempotency: '', repeatsUntil: '' } },
  );
}

/** No post is in progress: it would have nothing to send again. */
export const nothingUnderWay = {
  $not: {
    $in: ['posting', { $map: { input: { $objectToArray: '$claims' }, in: '$$this.v.status' } }],
  },
};

/** Hashes the wrapped key, then the encrypted values in the order of their names; each ciphertext is unique. */
function fingerprint({ key, fields, phoneE164, sent = {} }: SealedPerson): string {
  const hash = createHash('sha256').update(key.wrapped.value());
  for (const sealed of inOrder(fields)) hash.update(sealed.value());
  hash.update(phoneE164?.value() ?? '');
  for (const sealed of inOrder(sent)) hash.update(sealed.value());
  return hash.digest('hex');
}

const inOrder = (fields: SealedFields): Binary[] =>
  Object.entries(fields)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, sealed]) => ('list' in sealed ? sealed.list : sealed));

/** Replaces the reason of a return whose lead was erased. */
const ERASED_REASON = 'erased';

/**
 * Removes buyers' text about a lead, their ids of it and of their bids, and their reasons, from the lead, its sales and
 * its returns. The text was screened on arrival, but it is about the person, and a screen can miss something.
 */
async function eraseBuyerText(
  { leads, rounds, sales, returns }: Pick<Database, 'leads' | 'rounds' | 'sales' | 'returns'>,
  leadId: string,
  session: ClientSession,
): Promise<void> {
  const lead = await leads.findOne(
    { _id: leadId },
    { projection: { claims: 1, rounds: 1, returns: 1, redirectUrl: 1 }, session },
  );
  const paths = [
    ...(lead?.redirectUrl === undefined ? [] : ['redirectUrl']),
    ...Object.entries(lead?.claims ?? {}).flatMap(([contract, claim]) =>
      wordsInClaim(claim).map((key) => `claims.${contract}.${key}`),
    ),
    ...Object.entries(lead?.rounds ?? {}).flatMap(([number, round]) =>
      wordsInRound(round).map((path) => `rounds.${number}.${path}`),
    ),
  ];
  const reasons = (lead?.returns ?? []).map((_, i): [string, string] => [
    `returns.${i}.reason`,
    ERASED_REASON,
  ]);
  if (paths.length > 0 || reasons.length > 0) {
    const gone = Object.fromEntries(paths.map((path): [string, ''] => [path, '']));
    const update = {
      $unset: paths.length > 0 ? gone : undefined,
      $set: reasons.length > 0 ? Object.fromEntries(reasons) : undefined,
    };
    await leads.updateOne({ _id: leadId }, update, { session });
  }
  for await (const round of rounds.find(roundsOfLead(leadId), { session })) {
    const words = wordsInRound(round).map((path): [string, ''] => [path, '']);
    if (words.length > 0)
      await rounds.updateOne({ _id: round._id }, { $unset: Object.fromEntries(words) }, { session });
  }
  const sold = await sales.find({ lead: leadId }, { projection: { _id: 1 }, session }).toArray();
  if (sold.length === 0) return;
  await sales.updateMany({ lead: leadId }, { $unset: { buyerLeadId: '', redirectUrl: '' } }, { session });
  const saleIds = sold.map(({ _id }) => _id);
  await returns.updateMany({ _id: { $in: saleIds } }, { $set: { reason: ERASED_REASON } }, { session });
}

/** If the buyer gave a reason, Gavel's own `detail` may repeat a word of it. */
const wordsInClaim = ({ buyerLeadId, redirectUrl, words, status, detail }: Claim): string[] => [
  ...(redirectUrl === undefined ? [] : ['redirectUrl']),
  ...(buyerLeadId === undefined ? [] : ['buyerLeadId']),
  ...(words === undefined ? [] : ['words']),
  ...(detail !== undefined && (words !== undefined || status === 'returned') ? ['detail'] : []),
];

const wordsInRound = ({ entries }: Round): string[] =>
  entries.flatMap((entry, i) => {
    if ('bid' in entry)
      return (['bidId', 'kept'] as const).flatMap((key) =>
        entry.bid[key] === undefined ? [] : [`entries.${i}.bid.${key}`],
      );
    return entry.noBid.words === undefined ? [] : [`entries.${i}.noBid.words`, `entries.${i}.noBid.detail`];
  });
