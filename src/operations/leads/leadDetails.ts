import { conclude, opsDetail } from '../../market/auction/decide.js';
import { toDecimal } from '../../market/money.js';
import type { MetLimit, Outcome } from '../../market/model/round.js';
import { shownReason, statusView } from '../../market/model/statusView.js';
import { fullUntil, waitInWords } from '../../market/wording/waitingLead.js';
import { nextWait, waitingRound } from '../../market/waiting/waiting.js';
import type { Database } from '../../store/db.js';
import { heldPostsOf, type HeldPost } from '../../store/leads/heldPosts.js';
import { factsOf, findLead, findStoredLead } from '../../store/leads/leads.js';
import type { Claim, StoredLead } from '../../store/documents.js';
import { readRounds, type RoundWithAnswers } from '../../store/leads/rounds.js';
import { stateOf } from '../../store/leads/withdrawals.js';
import { workflowId } from '../../temporal/names.js';

export type LeadDetails = NonNullable<Awaited<ReturnType<typeof readLeadDetails>>>;

/** Rounds shown of a lead with more: each may have hundreds of bidders. */
const SHOWN_ROUNDS = { first: 5, last: 45 };

export const MASK = '•••';

/** Reads a lead with its seller, sales and bookings. Undefined if there is no such lead. */
export async function readLeadDetails(
  database: Database,
  id: string,
  { personal, ui }: { personal: boolean; ui?: { url: string; namespace: string } },
) {
  const found = personal ? await findLead(database, id) : await findStoredLead(database, id);
  if (found === null) return undefined;
  const lead: StoredLead = found;
  const [seller, sales] = await Promise.all([
    database.sellers.findOne({ _id: lead.seller }),
    database.sales.find({ lead: id }).sort({ at: 1 }).toArray(),
  ]);
  const saleIds = sales.map(({ _id }) => _id);
  const bookings = await database.ledger
    .find({ sale: { $in: saleIds } })
    .sort({ at: 1, _id: 1 })
    .toArray();
  const decimal = (minor: number): number => toDecimal(minor, lead.currency);
  const { rounds, leftOut } = await readRounds(database, lead, SHOWN_ROUNDS);
  const last = rounds.at(-1);
  const held = heldPostsOf(lead);
  const waits =
    stateOf(lead) === 'pending' && held.length === 0 && last
      ? nextWait(factsOf(lead), last.round, last.answers)
      : undefined;
  const full =
    waits &&
    last &&
    fullUntil(conclude(last.round, last.answers), waitingRound(last.round, last.answers).changes);
  return {
    lead_id: lead._id,
    status: lead.status,
    reason: shownReason(lead),
    test: lead.test,
    seller: lead.seller,
    seller_name: seller?.name,
    campaign: lead.campaign,
    category: lead.category,
    state: lead.state,
    key: lead.key,
    source: lead.source,
    received_at: lead.receivedAt.toISOString(),
    updated_at: lead.updatedAt.toISOString(),
    ended_at: lead.endedAt?.toISOString(),
    currency: lead.currency,
    price: lead.price === undefined ? undefined : decimal(lead.price),
    buyer_ids: lead.buyerIds,
    returns: statusView(lead).returns,
    rounds: rounds.map((round) => roundView(round, lead)),
    rounds_left_out: leftOut === 0 ? undefined : leftOut,
    posts: Object.entries(lead.claims).map(([contract, claim]) => postView(contract, claim, decimal)),
    sales: sales.map(({ _id, buyer, price, at, buyerLeadId }) => ({
      sale_id: _id,
      buyer,
      price: decimal(price),
      at: at.toISOString(),
      buyer_lead_id: buyerLeadId,
    })),
    ledger: bookings.map(({ sale, account, amount, currency, at }) => ({
      sale_id: sale,
      account,
      amount: toDecimal(amount, currency),
      at: at.toISOString(),
    })),
    notifications: (lead.told ?? []).map(notificationView),
    held: held.length === 0 ? undefined : held.map(heldPostView),
    waits_for: waits && { what: waitInWords(waits, full), until: new Date(waits.at).toISOString() },
    withdrawal: lead.withdrawal && { ...lead.withdrawal, at: lead.withdrawal.at.toISOString() },
    erased: lead.erased && { ...lead.erased, at: lead.erased.at.toISOString() },
    without_person: lead.withoutPerson,
    workflow: workflowId(id),
    workflow_url: ui && `${ui.url.replace(/\/$/, '')}/namespaces/${ui.namespace}/workflows/${workflowId(id)}`,
    fields: 'fields' in found ? found.fields : masked(found),
    sent: 'fields' in found ? found.sent : undefined,
    notes: notesOf(lead, rounds),
    unread: lead.unread ?? [],
  };
}

const NOT_COMPARED = 'leads of many persons have it; duplicate rules ignore it';

function notesOf({ notes = {} }: StoredLead, rounds: readonly RoundWithAnswers[]): Record<string, string> {
  const fields = new Set(rounds.flatMap(({ round }) => round.notCompared ?? []));
  const added = [...fields].map((name): [string, string] => [
    name,
    notes[name] === undefined ? NOT_COMPARED : `${notes[name]}; ${NOT_COMPARED}`,
  ]);
  return { ...notes, ...Object.fromEntries(added) };
}

/** `told` and `heard` are the stored names. */
const notificationView = ({ at, heard, ...notification }: NonNullable<StoredLead['told']>[number]) => ({
  ...notification,
  at: at.toISOString(),
  delivered: heard,
});

export const heldPostView = ({ buyer, postId, since, until }: HeldPost) => ({
  buyer,
  post_id: postId,
  since: since.toISOString(),
  until: until.toISOString(),
});

const masked = ({ person }: StoredLead): Record<string, string> =>
  Object.fromEntries(Object.keys(person?.fields ?? {}).map((name) => [name, MASK]));

function roundView({ round, answers }: RoundWithAnswers, lead: StoredLead) {
  const claims = Object.entries(lead.claims).filter(([, claim]) => claim.round === round.number);
  const underWay = new Map(
    claims.flatMap(([contract, { status, held }]): [string, 'held' | 'posting'][] =>
      status === 'posting' ? [[contract, held === undefined ? 'posting' : 'held']] : [],
    ),
  );
  const { currency, sale } = round.terms;
  return {
    round: round.number,
    at: new Date(round.at).toISOString(),
    market_version: round.marketVersion,
    mode: sale.mode,
    floor: toDecimal(sale.floor, currency),
    checks_ms: round.checksMs,
    decided_after_ms: round.decidedAfter,
    contracts: conclude(round, answers).map((outcome) => ({
      contract: outcome.contract,
      buyer: outcome.buyer,
      bid: outcome.price === undefined ? undefined : toDecimal(outcome.price, currency),
      ...outcomeView(outcome, underWay.get(outcome.contract)),
      limit: outcome.sold || outcome.limit === undefined ? undefined : limitView(outcome.limit, currency),
      sent_after_ms: outcome.sentAfter,
      ms: outcome.ms,
      asked_again: outcome.again,
      first_ping: outcome.first && { sent_after_ms: outcome.first.sentAfter, ms: outcome.first.ms },
    })),
  };
}

/** @param underWay the state of a post without an outcome */
const outcomeView = (outcome: Outcome, underWay: 'held' | 'posting' | undefined) => ({
  outcome: underWay ?? (outcome.sold ? 'sold' : outcome.reason),
  detail: underWay === undefined ? opsDetail(outcome) : undefined,
});

const COUNTERS = { sold: 'leads', posts: 'posts', spent: 'budget', balance: 'balance' } as const;

function limitView({ counter, period, used, most, resetsAt }: MetLimit, currency: string) {
  const isMoney = counter === 'spent' || counter === 'balance';
  const figure = (count: number): number => (isMoney ? toDecimal(count, currency) : count);
  return {
    of: COUNTERS[counter],
    period,
    used: used === undefined ? undefined : figure(used),
    most: figure(most),
    resets_at: resetsAt === undefined ? undefined : new Date(resetsAt).toISOString(),
  };
}

const postView = (contract: string, claim: Claim, decimal: (minor: number) => number) => ({
  contract,
  buyer: claim.buyer,
  post_id: claim.postId,
  round: claim.round,
  status: claim.status,
  price: decimal(claim.price),
  began_at: claim.at.toISOString(),
  ended_at: claim.endedAt?.toISOString(),
  attempts: (claim.attempts ?? []).map(({ at, ms, outcome, detail: why }) => ({
    sent_at: at.toISOString(),
    answered_at: new Date(at.getTime() + ms).toISOString(),
    ms,
    outcome,
    detail: why,
  })),
  buyer_lead_id: claim.buyerLeadId,
  detail: claim.words ?? claim.detail,
});
