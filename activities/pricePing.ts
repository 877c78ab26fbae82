import { hasExpired } from '../src/market/auction/asking.js';
import { conclude, exclusionAsAnswer, unsoldReason, type Offer } from '../src/market/auction/decide.js';
import { promiseOf } from '../src/market/auction/promise.js';
import { reservationNeeds } from '../src/market/eligibility/reservation.js';
import { promiseId } from '../src/market/ids.js';
import { advanceRound, type RoundPort, type SaleAnswer } from '../src/market/life/round.js';
import type { Round } from '../src/market/model/round.js';
import { dropReservation, reserve } from '../src/store/sales/capacity.js';
import {
  answerPing,
  endPing as endPingInStore,
  findPing,
  noteReserving,
  releasePromise,
} from '../src/store/sales/pings.js';
import { ask, askAgain, type Asking } from './ask.js';
import type { Deps } from './deps.js';
import { planRound } from './planRound.js';

export interface PingRequest {
  pingId: string;
  /** The workflow's time, UTC ms. */
  now: number;
  /** When the source is answered, UTC ms, and the API process that it waits in. */
  answerBy: number;
  answerTo: string;
}

/** How long a promise is kept, ms. It ends with the first bid that expires. */
const VALID_MS = 60_000;
/** How long the answer of a ping without a price is kept for its source, ms. */
const READ_MS = 5_000;

/**
 * Asks the buyers for a lead whose person is not known yet, by the rules of a round. Instead of a post, the limits of the
 * winning bidders are reserved. Returns when the ping expires, UTC ms; undefined if nothing is to be ended then. An
 * attempt after a crash begins again: pings and reservations have the same ids.
 */
export const pricePing =
  (deps: Deps) =>
  async ({ pingId, now, answerBy, answerTo }: PingRequest): Promise<{ expiresAt?: number }> => {
    const { database } = deps;
    const ping = await findPing(database, pingId);
    if (ping === null) return {};
    if (ping.status !== 'asking') return { expiresAt: ping.expiresAt.getTime() };
    await releasePromise(database, ping);
    const { lead } = ping;
    const market = await deps.terms(lead.campaign);
    const asking: Asking = { deps, market, lead, answerBy, keep: (round) => round };
    const planned = await planRound(deps, market, lead, { number: 1, now });
    const { round, answers, accepted } = await advanceRound(pingId, planned, [], reservingPort(asking));
    const offers = accepted.map(({ offer }) => offer);
    const promise = promiseOf(offers);
    const expiries = offers.flatMap(({ bid }) => bid.expiresAt ?? []);
    const validMs = promise === undefined ? READ_MS : VALID_MS;
    const expiresAt = new Date(Math.min(Date.now() + validMs, ...expiries));
    const reason = promise === undefined ? unsoldReason(conclude(round, answers)) : undefined;
    const isAwaited = await answerPing(database, pingId, { round, promise, reason, expiresAt });
    if (!isAwaited) {
      const reserving = offers.map(({ contract, buyer }) => ({ contract, buyer }));
      await releasePromise(database, { _id: pingId, reserving });
      return {};
    }
    // The answer is in the ping.
    deps.announce?.(pingId, answerTo, { status: 'received' });
    return { expiresAt: expiresAt.getTime() };
  };

/** Ends a ping when it has expired, and for the last time when a lead that uses it has had time to be sold. */
export const endPing =
  ({ database }: Deps) =>
  ({ pingId, isLast }: { pingId: string; isLast: boolean }): Promise<'used' | 'ended'> =>
    endPingInStore(database, pingId, { isLast });

/** A round in which an offer is a reservation. */
function reservingPort(asking: Asking): RoundPort {
  return {
    ask: async (round, asked) =>
      asking.market === undefined ? { ...round, later: [] } : ask(asking, round, asked),
    askAgain: (round, contract) => askAgain(asking, round, contract),
    sell: (round, offer) => reserveOffer(asking, round, offer),
  };
}

async function reserveOffer(
  { deps: { database }, market, lead }: Asking,
  { terms: { sale, currency } }: Round,
  { contract, buyer: id, price, bid }: Offer,
): Promise<SaleAnswer> {
  const now = Date.now();
  if (hasExpired(bid, now)) return { answer: 'expired' };
  const { test } = lead;
  const needs = reservationNeeds(market, contract, { price, test, award: sale.award, now });
  const ready = market?.contracts.find((one) => one.contract.id === contract);
  const buyer = !test && ready !== undefined ? ready.buyer : { id };
  const purchase = {
    sale: promiseId(lead._id, contract),
    lead: lead._id,
    contract,
    buyer: id,
    campaign: lead.campaign,
    at: now,
  };
  await noteReserving(database, lead._id, { contract, buyer: id });
  // Rules on duplicates need the person: the sale checks them.
  const reserved = await reserve(database, {
    ...needs,
    purchase,
    price,
    currency,
    buyer,
    match: {},
    duplicates: [],
    notesPerson: false,
  });
  if ('counted' in reserved) return { answer: 'accepted' };
  await dropReservation(database, purchase);
  return exclusionAsAnswer(reserved.refusal);
}
