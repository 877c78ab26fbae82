import type { ClientSession } from 'mongodb';
import type { Database } from '../db.js';
import type { Claim } from '../documents.js';
import { roundsOfLead } from '../leads/rounds.js';
import type { Round } from '../../market/model/round.js';

/** Replaces the reason of a return whose lead was erased. */
export const ERASED_REASON = 'erased';

/**
 * Removes buyers' text about a lead, their ids of it and of their bids, and their reasons, from the lead, its sales and
 * its returns. The text was screened on arrival, but it is about the person, and a screen can miss something.
 */
export async function eraseBuyerText(
  { leads, rounds, sales, returns }: Pick<Database, 'leads' | 'rounds' | 'sales' | 'returns'>,
  leadId: string,
  session: ClientSession,
): Promise<void> {
  const lead = await leads.findOne(
    { _id: leadId },
    { projection: { claims: 1, rounds: 1, returns: 1 }, session },
  );
  const paths = [
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
  await sales.updateMany({ lead: leadId }, { $unset: { buyerLeadId: '' } }, { session });
  const saleIds = sold.map(({ _id }) => _id);
  await returns.updateMany({ _id: { $in: saleIds } }, { $set: { reason: ERASED_REASON } }, { session });
}

/** If the buyer gave a reason, Gavel's own `detail` may repeat a word of it. */
const wordsInClaim = ({ buyerLeadId, words, status, detail }: Claim): string[] => [
  ...(buyerLeadId === undefined ? [] : ['buyerLeadId']),
  ...(words === undefined ? [] : ['words']),
  ...(detail !== undefined && (words !== undefined || status === 'returned') ? ['detail'] : []),
];

const wordsInRound = ({ entries }: Round): string[] =>
  entries.flatMap((entry, i) => {
    if ('bid' in entry) return entry.bid.bidId === undefined ? [] : [`entries.${i}.bid.bidId`];
    return entry.noBid.words === undefined ? [] : [`entries.${i}.noBid.words`, `entries.${i}.noBid.detail`];
  });
