import { sendPing } from '../src/buyers/ping.js';
import { personHash } from '../src/buyers/personHash.js';
import { personScreen } from '../src/buyers/personScreen.js';
import {
  contendersOf,
  failureOf,
  withinCeiling,
  PROBE_IN_PROGRESS,
  missedEntry,
  withAnswers,
  withTestPing,
  type PingAnswer,
} from '../src/market/auction/asking.js';
import { isDecided, pingLimit } from '../src/market/auction/earlyClose.js';
import { pingId } from '../src/market/ids.js';
import { metrics } from '../src/metrics.js';
import { pingedFields } from '../src/market/fields/identifyingFields.js';
import { fixedBid } from '../src/market/eligibility/newRound.js';
import { contactOf, personKeys } from '../src/market/fields/personKeys.js';
import { floorOf, placesOf } from '../src/market/auction/prices.js';
import type { Candidate, Entry, Round } from '../src/market/model/round.js';
import { isByTurns } from '../src/market/auction/turnsUsed.js';
import type { LeadDocument } from '../src/store/documents.js';
import { storeRound } from '../src/store/leads/rounds.js';
import type { StoredTerms } from '../src/store/market/storedTerms.js';
import { storeRoundWithTurns } from '../src/store/fairness/turnsStore.js';
import { mayTry, note } from './failing.js';
import type { Deps } from './deps.js';

/**
 * Asks the buyers of a tier, or those of it that are asked again: all at once, each with its own time limit, so that the
 * slowest costs what its own limit says and the others nothing. The round is stored with what they answered, one version
 * further, and with the order of their turns where the award goes by turns. Returns what is stored: where an earlier try
 * has, its round.
 */
export async function ask(
  deps: Deps,
  market: StoredTerms | undefined,
  lead: LeadDocument,
  round: Round,
  asked: readonly Candidate[],
  answerBy: number | undefined,
): Promise<Round> {
  const answers = await untilDecided(
    round,
    asked,
    asked.map((candidate) => answerOf(deps, market, lead, round, candidate, answerBy)),
  );
  for (const { contract, ms, ...what } of answers) {
    const outcome = 'bid' in what ? 'bid' : what.noBid.reason;
    const detail = 'bid' in what ? what.bid.note : what.noBid.detail;
    deps.log.info({ lead_id: lead._id, round: round.number, contract, event: 'ping', outcome, detail, ms });
  }
  const next = withAnswers(round, answers);
  const { sale } = round.terms;
  const contenders = isByTurns(sale) ? contendersOf(sale, answers) : [];
  if (contenders.length === 0) return storeRound(deps.database, lead._id, next);
  return storeRoundWithTurns(deps.database, lead._id, next, {
    contenders,
    places: lead.test ? 0 : placesOf(sale),
  });
}

/** Waits for every answer, or until no answer that is still out can change who buys. */
async function untilDecided(
  round: Round,
  asked: readonly Candidate[],
  answers: readonly Promise<Entry>[],
): Promise<Entry[]> {
  const known = new Map<string, Entry>();
  let close: () => void = () => undefined;
  const decided = new Promise<void>((resolve) => (close = resolve));
  const all = Promise.all(
    answers.map(async (answer) => {
      const entry = await answer;
      known.set(entry.contract, entry);
      const out = asked.filter(({ contract }) => !known.has(contract));
      if (out.length > 0 && isDecided(round.terms.sale, [...known.values()], out)) close();
    }),
  );
  await Promise.race([all, decided]);
  return asked.map((candidate) => known.get(candidate.contract) ?? missedEntry(candidate));
}

async function answerOf(
  deps: Deps,
  market: StoredTerms | undefined,
  lead: LeadDocument,
  round: Round,
  candidate: Candidate,
  answerBy: number | undefined,
): Promise<Entry> {
  const bid = fixedBid(candidate);
  if (bid) return { ...candidate, bid };
  const again = candidate.again === 'asked';
  return { ...candidate, ...(await pingOne(deps, market, lead, round, candidate, { answerBy, again })) };
}

/** Asks one buyer, if its campaign is still there; `again` where it was asked in this round before. */
export async function pingOne(
  deps: Deps,
  market: StoredTerms | undefined,
  lead: LeadDocument,
  round: Round,
  candidate: Candidate,
  { answerBy, again = false }: { answerBy?: number | undefined; again?: boolean },
): Promise<PingAnswer> {
  const { contract, buyer: buyerId, floor } = candidate;
  const ready = market?.contracts.find((each) => each.contract.id === contract);
  const ping = ready?.buyer.ping;
  if (!market || !ready || !ping)
    return { ms: 0, noBid: { reason: 'paused', detail: 'it has left the market' } };
  const { secret } = ready.buyer;
  if (!(await mayTry(deps, buyerId, 'pings'))) return { ms: 0, noBid: PROBE_IN_PROGRESS };
  const { sale, currency } = round.terms;
  const wants = ready.contract.ping ?? {};
  const keys = personKeys(contactOf(lead.fields));
  const timeoutMs = pingLimit(ping.timeoutMs, answerBy, Date.now());
  const id = pingId(lead._id, contract, round.number, again);
  const said = await sendPing(
    deps.send,
    { url: ping.url, timeoutMs, secret },
    {
      pingId: id,
      category: lead.category,
      state: lead.state,
      round: round.number,
      floor: floorOf(sale, floor, 'exclusive'),
      ...(sale.mode === 'hybrid' && { sharedFloor: floorOf(sale, floor, 'shared') }),
      currency,
      test: lead.test,
      ...pingedFields(lead, { names: wants.fields, declared: market.campaign.fields }),
      phoneHash: wants.hashes?.includes('phone') ? personHash(keys.phone, secret) : undefined,
      emailHash: wants.hashes?.includes('email') ? personHash(keys.email, secret) : undefined,
    },
    personScreen(lead),
  );
  const answer = withinCeiling(said, candidate, currency);
  const result = lead.test ? withTestPing(answer, { pingId: id, limitMs: timeoutMs }) : answer;
  metrics.ping(result.ms, { buyer: buyerId, outcome: 'bid' in result ? 'bid' : result.noBid.reason });
  const failure = failureOf(result, Date.now());
  note(deps, {
    buyer: buyerId,
    of: 'pings',
    test: lead.test,
    id,
    ms: result.ms,
    limitMs: timeoutMs,
    isYes: 'bid' in result && !failure,
    failure,
    noByStatus:
      'noBid' in result && result.noBid.reason === 'http_error' && !failure ? result.noBid.detail : undefined,
  });
  return result;
}
