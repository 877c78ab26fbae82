import { fieldsInPing, ownProtocol, stepOf, timeoutOf } from '../src/buyers/ownProtocol.js';
import { sendPing, type PingResult } from '../src/buyers/ping.js';
import { personHash } from '../src/buyers/personHash.js';
import { personScreen } from '../src/buyers/personScreen.js';
import {
  contendersOf,
  failureOf,
  withinCeiling,
  PROBE_IN_PROGRESS,
  missedEntry,
  unlessExpired,
  withAnswers,
  withNewAnswer,
  withTestPing,
  type PingAnswer,
} from '../src/market/auction/asking.js';
import { nextStep } from '../src/market/auction/decide.js';
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
import { sealPingAnswer } from '../src/store/leads/pingAnswer.js';
import { storeRound } from '../src/store/leads/rounds.js';
import type { StoredTerms } from '../src/store/market/storedTerms.js';
import { storeRoundWithTurns } from '../src/store/fairness/turnsStore.js';
import type { StoredPost } from '../src/store/sales/posts.js';
import { mayTry, note } from './failing.js';
import type { Deps } from './deps.js';
import { sandboxPing } from './sandbox.js';
import { saleRequest, storeRoundForSale } from './sellLead.js';

/** Who asks, about which lead, under which terms; `answerBy`: when the source is answered, UTC ms, if it waits. */
export interface Asking {
  deps: Deps;
  /** Undefined if the campaign has left the market. */
  market: StoredTerms | undefined;
  lead: LeadDocument;
  answerBy: number | undefined;
  /** Posts that this attempt has stored with its round, by contract; absent if it makes no offers. */
  posts?: Map<string, StoredPost>;
  /** Keeps the round of a ping, which has no lead yet; by default it is stored with the lead. */
  keep?: (round: Round) => Round;
}

/**
 * Asks candidates concurrently, each with its own timeout, so that a slow one delays no other. Stores the round with
 * their answers, one version further, and with the order of their turns if the award is by turns. Returns the stored
 * round: this one, or the one of an earlier attempt.
 */
export async function ask(asking: Asking, round: Round, asked: readonly Candidate[]): Promise<Round> {
  const { deps, lead } = asking;
  const answers = await untilDecided(
    round,
    asked,
    asked.map((candidate) => answerOf(asking, round, candidate)),
  );
  for (const { contract, ms, ...what } of answers) {
    const outcome = 'bid' in what ? 'bid' : what.noBid.reason;
    const detail = 'bid' in what ? what.bid.note : what.noBid.detail;
    deps.log.info({ lead_id: lead._id, round: round.number, contract, event: 'ping', outcome, detail, ms });
  }
  const next = { ...withAnswers(round, answers), decidedAfter: sinceStart(round) };
  if (asking.keep !== undefined) return asking.keep(next);
  const { sale } = round.terms;
  const contenders = isByTurns(sale) ? contendersOf(sale, answers) : [];
  if (contenders.length === 0) return store(asking, next);
  return storeRoundWithTurns(deps.database, lead._id, next, {
    contenders,
    places: lead.test ? 0 : placesOf(sale),
  });
}

/** Stores a round; its first answers together with the claim of the offer that they lead to, if it is only one. */
async function store({ deps, lead, posts }: Asking, round: Round): Promise<Round> {
  const step = posts !== undefined && round.version === 1 ? nextStep(lead._id, round, []) : 'over';
  const [offer, other] = typeof step === 'object' && 'offers' in step ? step.offers : [];
  if (offer !== undefined && other === undefined) {
    const stored = await storeRoundForSale(deps, round, saleRequest(lead, round, offer, Date.now()));
    if (stored !== undefined) {
      posts?.set(offer.contract, stored);
      return round;
    }
  }
  return storeRound(deps.database, lead._id, round);
}

/** Asks one contract for a new bid, because its bid has expired, and stores the round with its answer. */
export async function askAgain(asking: Asking, round: Round, contract: string): Promise<Round> {
  const expired = round.entries.find((entry) => entry.contract === contract);
  if (expired === undefined) throw new Error(`Round ${round.number} has not asked ${contract}`);
  const answer = await pingOne(asking, round, expired, true);
  const answered = withNewAnswer(round, expired, unlessExpired(answer, Date.now()));
  const next = { ...answered, decidedAfter: sinceStart(round) };
  return asking.keep?.(next) ?? storeRound(asking.deps.database, asking.lead._id, next);
}

/** Waits for every answer, or until no outstanding answer can change who buys. */
async function untilDecided(
  round: Round,
  asked: readonly Candidate[],
  answers: readonly Promise<Entry>[],
): Promise<Entry[]> {
  const sentAfter = sinceStart(round);
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
  return asked.map((candidate) => known.get(candidate.contract) ?? { ...missedEntry(candidate), sentAfter });
}

/** Ms since the round's start, which is by the workflow's clock. */
const sinceStart = ({ at }: Round): number => Math.max(0, Date.now() - at);

async function answerOf(asking: Asking, round: Round, candidate: Candidate): Promise<Entry> {
  const bid = fixedBid(candidate);
  if (bid) return { ...candidate, bid };
  return { ...candidate, ...(await pingOne(asking, round, candidate, candidate.again === 'asked')) };
}

/** Pings one contract, if it is still in the market; `again` if it was asked in this round before. */
async function pingOne(
  { deps, market, lead, answerBy }: Asking,
  round: Round,
  candidate: Candidate,
  again: boolean,
): Promise<PingAnswer> {
  const { contract, buyer: buyerId, floor } = candidate;
  const ready = market?.contracts.find((each) => each.contract.id === contract);
  if (ready !== undefined && lead.sandbox !== undefined)
    return { ...sandboxPing(lead.sandbox, round, candidate), sentAfter: sinceStart(round) };
  const ping = ready?.buyer.ping;
  if (!market || !ready || !ping)
    return { ms: 0, noBid: { reason: 'paused', detail: 'it has left the market' } };
  const { secret } = ready.buyer;
  if (!(await mayTry(deps, buyerId, 'pings'))) return { ms: 0, noBid: PROBE_IN_PROGRESS };
  const { sale, currency } = round.terms;
  const wants = ready.contract.ping ?? {};
  const keys = wants.hashes === undefined ? {} : personKeys(contactOf(lead.fields));
  const id = pingId(lead._id, contract, round.number, again);
  const own = stepOf(ownProtocol(ready.buyer, ready.contract), 'ping');
  const timeoutMs = pingLimit(timeoutOf(own, ping), answerBy, Date.now());
  const sentAfter = sinceStart(round);
  const said = await sendPing(
    deps.send,
    { url: ping.url, timeoutMs, secret, own },
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
      lead: own && fieldsInPing(lead, own.compiled.fields, market.campaign.fields),
    },
    personScreen(lead),
  );
  const answer = withKept(deps, lead, contract, { said, answer: withinCeiling(said, candidate, currency) });
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
  return { ...result, sentAfter };
}

/** The answer with what the post needs of it, encrypted. */
function withKept(
  { database }: Deps,
  lead: LeadDocument,
  contract: string,
  { said, answer }: { said: PingResult; answer: PingAnswer },
): PingAnswer {
  if (!('bid' in answer) || said.kept === undefined) return answer;
  const kept = sealPingAnswer(database.vault, lead, contract, said.kept);
  return { ms: answer.ms, bid: { ...answer.bid, kept } };
}
