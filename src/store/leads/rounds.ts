import type { ClientBulkWriteModel, Filter } from 'mongodb';
import type { OfferAnswer } from '../../market/auction/decide.js';
import type { Round } from '../../market/model/round.js';
import type { Database } from '../db.js';
import type { Claim, LeadDocument, SkippedOffer, RoundDocument, StoredLead } from '../documents.js';
import { IN_VALUES } from '../localDatabase.js';
import { openLead } from './person.js';
import type { ReadOnlyCollection } from '../readOnly.js';

/** A round with the outcomes of its offers. */
export interface RoundWithAnswers {
  round: Round;
  answers: OfferAnswer[];
}

const roundId = (lead: string, number: number): string => `${lead}/${String(number).padStart(6, '0')}`;

/** Ids that begin with the lead and a slash sort before the lead with the character that follows the slash. */
export const roundsOfLead = (lead: string): Filter<RoundDocument> => ({
  _id: { $gte: `${lead}/`, $lt: `${lead}0` },
});

/** The lead, decrypted. */
export async function findLeadForRound(
  { leads, vault }: Pick<Database, 'leads' | 'vault'>,
  leadId: string,
): Promise<LeadDocument | null> {
  const stored = await leads.findOne({ _id: leadId });
  return stored && openLead(vault, stored);
}

/**
 * Prepares a lead's document for a round: earlier rounds move to their own collection, with their offers. It may be
 * interrupted and repeated; a reader that finds a round in both places uses the lead's.
 */
export async function moveRounds(
  { client, db, leads }: Database,
  { _id: lead, rounds, passed = [] }: Pick<LeadDocument, '_id' | 'rounds' | 'passed'>,
  next: number,
): Promise<void> {
  const before = Object.values(rounds).filter(({ number }) => number < next);
  const earlier = passed.filter(({ round }) => round < next);
  if (before.length === 0 && earlier.length === 0) return;
  const write = (number: number, update: object): ClientBulkWriteModel<Record<string, RoundDocument>> => ({
    name: 'updateOne',
    namespace: `${db.databaseName}.rounds`,
    filter: { _id: roundId(lead, number) },
    update,
    upsert: true,
  });
  await client.bulkWrite<Record<string, RoundDocument>>([
    ...before.map((round) => write(round.number, { $set: { ...round, lead } })),
    // A claim of an earlier round that another offer has replaced is noted late: its round has moved already.
    ...earlier.map((offer) => write(offer.round, { $addToSet: { passed: offer } })),
  ]);
  await leads.updateOne(
    { _id: lead },
    {
      $unset: Object.fromEntries(before.map(({ number }) => [`rounds.${number}`, ''])),
      $pull: { passed: { round: { $lt: next } } },
    },
  );
}

/**
 * Stores a round, unless another attempt has stored this version: a repeat must decide the same. Returns the stored
 * round: this one, or the one of the earlier attempt.
 */
export async function storeRound(database: Database, leadId: string, round: Round): Promise<Round> {
  const { filter, update } = roundWrite(leadId, round);
  const { matchedCount } = await database.leads.updateOne(filter, update);
  return matchedCount === 1 ? round : roundOfEarlierAttempt(database, leadId, round.number);
}

/**
 * The write that stores a round. It matches nothing if another attempt has stored this version, or the lead has a later
 * round. The lead's `updatedAt` stays: a round whose bids arrive after a withdrawal changes nothing that its source
 * sees.
 */
export function roundWrite(_id: string, round: Round) {
  const { number, version } = round;
  const path = `rounds.${number}`;
  const isNext =
    version === 1
      ? { [path]: { $exists: false }, lastRound: { $not: { $gte: number } } }
      : { [`${path}.version`]: version - 1 };
  const update = { $set: { [path]: round, lastRound: number } };
  return { filter: { _id, ...isNext }, update };
}

/** The stored round, after a write that matched nothing. */
export async function roundOfEarlierAttempt(
  database: Database,
  leadId: string,
  number: number,
): Promise<Round> {
  const stored = await findRound(database, leadId, number);
  if (stored === undefined) throw new Error(`Lead ${leadId} is gone`);
  return stored;
}

export async function findRound(
  { leads, rounds }: Pick<Database, 'leads' | 'rounds'>,
  leadId: string,
  number: number,
): Promise<Round | undefined> {
  const found = await leads.findOne({ _id: leadId }, { projection: { [`rounds.${number}`]: 1 } });
  const own = found?.rounds[number];
  if (own !== undefined) return own;
  const projection = { _id: 0, lead: 0, passed: 0 };
  return (await rounds.findOne<Round>({ _id: roundId(leadId, number) }, { projection })) ?? undefined;
}

/** How many of a lead's rounds to read: the first and the last ones. */
export interface RoundSelection {
  first: number;
  last: number;
}

/** The rounds of a lead in order, and the number of rounds that are left out. */
export async function readRounds(
  database: { rounds: ReadOnlyCollection<RoundDocument> },
  lead: StoredLead,
  selection?: RoundSelection,
): Promise<{ rounds: RoundWithAnswers[]; leftOut: number }> {
  const own = Object.values(lead.rounds);
  const moved = mayHaveMoved(lead) ? await movedRounds(database, lead, selection) : [];
  const known = new Map<number, { round: Round; passed: SkippedOffer[] }>();
  for (const { passed = [], ...round } of moved) known.set(round.number, { round, passed });
  for (const round of own) known.set(round.number, { round, passed: known.get(round.number)?.passed ?? [] });
  const ordered = [...known.values()]
    .sort((a, b) => a.round.number - b.round.number)
    .map(({ round, passed }): RoundWithAnswers => {
      const all = [...passed, ...(lead.passed ?? []).filter((offer) => offer.round === round.number)];
      return { round, answers: answersIn(lead, all, round.number) };
    });
  const shown = selection === undefined ? ordered : ends(ordered, selection);
  return { rounds: shown, leftOut: Math.max(lead.lastRound ?? 0, ordered.length) - shown.length };
}

/**
 * A round of the lead with the known outcomes of its offers, also one that has moved; undefined if it has not started. The
 * last round has moved if a worker died before it stored the next.
 */
export async function findRoundWithAnswers(
  { rounds }: Pick<Database, 'rounds'>,
  lead: Pick<StoredLead, '_id' | 'rounds' | 'claims' | 'passed' | 'lastRound'>,
  number: number,
): Promise<RoundWithAnswers | undefined> {
  const own = lead.rounds[number];
  if (own !== undefined) return { round: own, answers: answersIn(lead, lead.passed ?? [], number) };
  if (number > (lead.lastRound ?? 0)) return undefined;
  const moved = await rounds.findOne({ _id: roundId(lead._id, number) }, { projection: { _id: 0, lead: 0 } });
  if (moved === null) return undefined;
  const { passed = [], ...round } = moved;
  return { round, answers: answersIn(lead, passed, number) };
}

/** A lead's last round, if it is in its own document; undefined before the first, and while the next begins. */
export function lastRoundOf(
  lead: Pick<StoredLead, 'rounds' | 'claims' | 'passed'>,
): RoundWithAnswers | undefined {
  const [round] = Object.values(lead.rounds).sort((a, b) => b.number - a.number);
  return round && { round, answers: answersIn(lead, lead.passed ?? [], round.number) };
}

/** If a lead has all of its rounds in its own document, no other read is needed. */
const mayHaveMoved = ({ rounds, lastRound = 0 }: StoredLead): boolean =>
  Object.keys(rounds).length < lastRound;

/** By their ids, because SecantusDB would read all rounds of all leads for a range of ids. */
async function movedRounds(
  { rounds }: { rounds: ReadOnlyCollection<RoundDocument> },
  { _id: lead, lastRound = 0 }: StoredLead,
  selection: RoundSelection = { first: lastRound, last: 0 },
): Promise<(Round & Pick<RoundDocument, 'passed'>)[]> {
  const numbers = ends(
    Array.from({ length: lastRound }, (_, i) => i + 1),
    selection,
  );
  const found: (Round & Pick<RoundDocument, 'passed'>)[] = [];
  for (let i = 0; i < numbers.length; i += IN_VALUES) {
    const ids = numbers.slice(i, i + IN_VALUES).map((number) => roundId(lead, number));
    const some = rounds.find({ _id: { $in: ids } }, { projection: { _id: 0, lead: 0 } });
    found.push(...(await some.toArray()));
  }
  return found;
}

const ends = <T>(all: readonly T[], { first, last }: RoundSelection): T[] =>
  all.filter((_, i) => i < first || i >= all.length - last);

/** The known outcomes of a round's offers. */
function answersIn(
  { claims }: Pick<StoredLead, 'claims'>,
  passed: readonly SkippedOffer[],
  round: number,
): OfferAnswer[] {
  const settled = Object.entries(claims).flatMap(([contract, claim]) =>
    claim.round === round ? answerOf(contract, claim) : [],
  );
  return [...passed.filter((offer) => offer.round === round), ...settled];
}

/** The outcome that a claim shows; a cancelled post remains `uncertain`. */
function answerOf(contract: string, { status, detail, words, exclusive }: Claim): OfferAnswer[] {
  switch (status) {
    case 'accepted':
    case 'returned':
      return [{ contract, answer: 'accepted', exclusive }];
    case 'refused':
      return [{ contract, answer: 'refused', detail, words }];
    case 'cancelled':
      return [{ contract, answer: 'uncertain', detail }];
    case 'posting':
      return [];
  }
}
