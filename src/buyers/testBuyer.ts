import { randomBytes, randomUUID } from 'node:crypto';
import { hasExpired, withinCeiling, expiredBid } from '../market/auction/asking.js';
import { isFinalRefusal } from '../market/model/delivery.js';
import { declarationOf } from '../market/fields/declaration.js';
import type { FieldValue } from '../market/fields/reading.js';
import { sampleValue } from '../market/fields/sampleValue.js';
import { formatMoney, toDecimal } from '../market/money.js';
import { contactOf, personKeys } from '../market/fields/personKeys.js';
import { pingedFields } from '../market/fields/identifyingFields.js';
import { floorOf } from '../market/auction/prices.js';
import type { Bid } from '../market/model/round.js';
import type { Buyer, Campaign, Contract, Endpoint, NoticeKind } from '../market/model/market.js';
import { FICTIONAL_PERSON } from './fictionalPerson.js';
import { sendNotice } from './notice.js';
import { personHash } from './personHash.js';
import { personScreen } from './personScreen.js';
import { fieldsInPing, ownProtocol, stepOf, type NamedSecrets, type OwnStep } from './ownProtocol.js';
import { sendPing, type Ping, type PingResult } from './ping.js';
import { sendCancellation, sendPost, type Post, type PostResult } from './post.js';
import type { Reply, Secret, Send } from './send.js';
import { askStatus } from './status.js';

/*
 * Tests a buyer's server before it buys: a ping, a post and their follow-ups, sent by the production code. The lead is
 * fictional and marked as a test; nothing is stored, booked or counted.
 */

/** The result of one check. Only `failed` keeps the buyer from buying. */
export interface BuyerTestCheck {
  check: string;
  result: 'ok' | 'warning' | 'failed';
  says: string;
}

/** The results, and the ids that the test sent, to find them in the buyer's log. */
export interface BuyerTestResult {
  verdicts: BuyerTestCheck[];
  ping_id?: string;
  post_id?: string;
}

type TestedBuyer = Pick<Buyer, 'id' | 'ping' | 'status' | 'notices' | 'protocol'> & {
  post: Endpoint;
  secret: Secret;
  secrets?: NamedSecrets;
};

/** The terms under which the fictional lead is sold. */
export interface TestTerms {
  campaign: Pick<Campaign, 'category' | 'currency' | 'sale' | 'fields' | 'required'>;
  contract: Pick<Contract, 'ping' | 'price' | 'floor' | 'ceiling' | 'states' | 'protocol'> & { id?: string };
}

/** Terms for a buyer without a contract. */
export const NO_CONTRACT: TestTerms = {
  campaign: {
    category: 'Auto Insurance',
    currency: 'USD',
    required: [],
    sale: { mode: 'exclusive', maxBuyers: 1, floor: 100, award: 'highestBid' },
  },
  contract: {},
};

/** The fictional lead, with a value for every field that the campaign requires and the contract asks for. */
export function sampleFields({ campaign, contract }: TestTerms): Record<string, FieldValue> {
  const [state] = contract.states ?? [];
  const asked = [...campaign.required, ...(contract.ping?.fields ?? [])];
  const samples = asked.map((name) => [name, sampleValue(declarationOf(campaign.fields, name))] as const);
  return { ...Object.fromEntries(samples), ...FICTIONAL_PERSON, state: state ?? 'TX' };
}

/** Runs every check that the buyer's addresses allow; the lead is posted only if `withPost` says so. */
export async function testBuyer(
  send: Send,
  buyer: TestedBuyer,
  terms: TestTerms,
  { withPost }: { withPost: boolean },
): Promise<BuyerTestResult> {
  const world: BuyerTest = { send, buyer, terms, fields: sampleFields(terms) };
  const pinged = buyer.ping && (await testPing(world, buyer.ping));
  const posted = withPost ? await testPost(world, pinged) : undefined;
  const verdicts = [...(pinged?.verdicts ?? []), ...(posted?.verdicts ?? [])];
  return { verdicts, ping_id: pinged?.ping.pingId, post_id: posted?.post.postId };
}

interface BuyerTest {
  send: Send;
  buyer: TestedBuyer;
  terms: TestTerms;
  fields: Record<string, FieldValue>;
}

/** Sends with `by` and keeps the raw reply. */
async function sendAndKeepReply<T>(
  send: Send,
  by: (send: Send) => Promise<T>,
): Promise<{ answer: T; reply: Reply }> {
  const replies: Reply[] = [];
  const answer = await by(async (message) => {
    const reply = await send(message);
    replies.push(reply);
    return reply;
  });
  const [reply] = replies;
  if (reply === undefined) throw new Error('The test sent nothing');
  return { answer, reply };
}

interface Pinged {
  verdicts: BuyerTestCheck[];
  ping: Ping;
  bid?: Bid;
  kept?: PingResult['kept'];
}

/** A ping about a lead under the terms, marked as a test. */
export function testPingOf(
  { campaign, contract }: TestTerms,
  fields: Record<string, FieldValue>,
  { secret, own }: { secret: Secret; own: OwnStep | undefined },
): Ping {
  const { sale, currency } = campaign;
  const keys = personKeys(contactOf(fields));
  const hashed = (kind: 'phone' | 'email') =>
    contract.ping?.hashes?.includes(kind) ? personHash(keys[kind], secret) : undefined;
  const state = String(fields.state);
  return {
    pingId: randomUUID(),
    category: campaign.category,
    state,
    round: 1,
    floor: floorOf(sale, contract.floor, 'exclusive'),
    sharedFloor: sale.mode === 'hybrid' ? floorOf(sale, contract.floor, 'shared') : undefined,
    currency,
    test: true,
    ...pingedFields({ fields }, { names: contract.ping?.fields, declared: campaign.fields }),
    phoneHash: hashed('phone'),
    emailHash: hashed('email'),
    lead: own && fieldsInPing({ fields, state }, own.compiled.fields, campaign.fields),
  };
}

async function testPing({ send, buyer, terms, fields }: BuyerTest, to: Endpoint): Promise<Pinged> {
  const { contract, campaign } = terms;
  const { currency } = campaign;
  const own = ownStepOf(buyer, contract, 'ping');
  const ping = testPingOf(terms, fields, { secret: buyer.secret, own });
  const screen = personScreen({ fields });
  const pingBy = (secret: Secret) =>
    sendAndKeepReply(send, (sending) => sendPing(sending, { ...to, secret, own }, ping, screen));
  const { answer: said, reply } = await pingBy(buyer.secret);
  const answer = withinCeiling(said, contract, currency);
  const first = arrived('ping', reply, to);
  const bid = 'bid' in answer ? answer.bid : undefined;
  if (reply.kind === 'unreachable' || reply.kind === 'timeout') return { verdicts: first, ping };
  const verdicts = [...first, bidVerdict(answer, ping, buyer.id)];
  // Its own protocol has no signature.
  if (own !== undefined) return { verdicts, ping, bid, kept: said.kept };
  if (isRefusedKey(reply)) return { verdicts, ping };
  const wrong = await pingBy(wrongSecret());
  return { verdicts: [...verdicts, signatureVerdict('ping', wrong.reply)], ping, bid };
}

/** The step of the buyer's own protocol under the contract; undefined if it is Gavel's. */
export const ownStepOf = (
  buyer: Parameters<typeof ownProtocol>[0],
  contract: TestTerms['contract'],
  step: OwnStep['step'],
): OwnStep | undefined =>
  stepOf(ownProtocol(buyer, { id: contract.id ?? '', protocol: contract.protocol }), step);

export const wrongSecret = (): string => `whsec_${randomBytes(24).toString('base64')}`;

/** Whether the server was reachable and answered in time. */
function arrived(check: string, reply: Reply, { url, timeoutMs }: Endpoint): BuyerTestCheck[] {
  const { protocol, host } = new URL(url);
  const connection: BuyerTestCheck = { check: `${check}: connection`, ...connectionTo(protocol, host) };
  if (reply.kind === 'unreachable' && reply.isBroken) {
    const says = `${reply.detail}; send a whole HTTP/1.1 answer before you close the connection`;
    return [connection, { check: `${check}: answer`, result: 'failed', says }];
  }
  if (reply.kind === 'unreachable') {
    const isOurs = /; see [A-Z_]+$/.test(reply.detail);
    const remedy = isOurs
      ? 'the settings of the exchange do not allow this address'
      : describeUnreachable(reply.detail, 'check the address, and the firewall of the buyer');
    return [{ check, result: 'failed', says: `no connection to ${host} (${reply.detail}): ${remedy}` }];
  }
  const timely = `${check}: time`;
  if (reply.kind === 'timeout')
    return [connection, { check: timely, result: 'failed', says: `no answer within ${timeoutMs} ms` }];
  const isClose = reply.ms > 0.8 * timeoutMs;
  const says = `answered after ${reply.ms} of ${timeoutMs} ms${isClose ? '; this is close to the limit' : ''}`;
  return [connection, { check: timely, result: isClose ? 'warning' : 'ok', says }];
}

/** What to do about a failed connection: about its certificate, or `otherwise`. */
export const describeUnreachable = (detail: string, otherwise: string): string =>
  /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(detail)
    ? 'its TLS certificate is not valid; install one from a public authority, with its chain'
    : otherwise;

const connectionTo = (protocol: string, host: string): Omit<BuyerTestCheck, 'check'> =>
  protocol === 'http:'
    ? {
        result: 'warning',
        says: `connected to ${host} without TLS; use https, because posts carry personal data`,
      }
    : { result: 'ok', says: `connected to ${host}, its TLS certificate is valid` };

/** The statuses of a refused signature. */
export const REFUSALS = [401, 403];
const statusOf = (reply: Reply): number | undefined => (reply.kind === 'answer' ? reply.status : undefined);
const isRefusedKey = (reply: Reply): boolean => REFUSALS.includes(statusOf(reply) ?? 0);

/** The meaning of a 4xx, if the answer is one. */
function byStatus(
  code: number | undefined,
  buyer: string,
): { result: BuyerTestCheck['result']; says: string } | undefined {
  if (code === undefined || !isFinalRefusal(code)) return undefined;
  const status = `HTTP ${code}`;
  if (REFUSALS.includes(code))
    return {
      result: 'failed',
      says: `${status}: the right signature was refused; compare the buyer’s secret with \`gavel secrets show --buyer ${buyer}\``,
    };
  if (code === 404 || code === 405)
    return { result: 'failed', says: `${status}: check the path of the address` };
  return { result: 'warning', says: `${status}: this counts as a no` };
}

/** A bid with a shorter expiry may expire while other buyers answer, ms. */
const SHORT_BID_MS = 5000;

function bidVerdict(
  answer: Awaited<ReturnType<typeof sendPing>>,
  { floor, currency }: Ping,
  buyer: string,
): BuyerTestCheck {
  const check = 'ping: answer';
  if ('bid' in answer) {
    const { price, shared, note, goodForMs = Infinity } = answer.bid;
    if (hasExpired(answer.bid, Date.now()))
      return { check, result: 'failed', says: `invalid_response: ${expiredBid(answer.bid).detail}` };
    const most = Math.max(price ?? 0, shared ?? 0);
    const bids = `a bid of ${formatMoney(most, currency)}`;
    const ignored = note === undefined ? '' : `; ${note}`;
    if (price !== undefined && price < floor && shared === undefined)
      return {
        check,
        result: 'warning',
        says: `${bids}, below the floor of ${formatMoney(floor, currency)}${ignored}`,
      };
    if (goodForMs < SHORT_BID_MS)
      return {
        check,
        result: 'warning',
        says: `${bids} that expires after ${goodForMs} ms; expires_in_ms is in milliseconds, and other buyers may take longer to answer${ignored}`,
      };
    return { check, result: note === undefined ? 'ok' : 'warning', says: bids + ignored };
  }
  const { reason, status, words } = answer.noBid;
  // The buyer's text is about a fictional person, so it can be shown.
  const detail = words ?? answer.noBid.detail;
  if (reason === 'no_bid')
    return { check, result: 'ok', says: `no bid${detail === undefined ? '' : ` (${detail})`}` };
  const failed = { result: 'failed' as const, says: `${reason}: ${detail ?? 'no detail'}` };
  return { check, ...(byStatus(status, buyer) ?? failed) };
}

function signatureVerdict(of: 'ping' | 'post', reply: Reply): BuyerTestCheck {
  const check = `${of}: wrong signature`;
  if (reply.kind !== 'answer')
    return { check, result: 'warning', says: `${reply.kind} instead of 401; answer 401` };
  const { status } = reply;
  if (REFUSALS.includes(status)) return { check, result: 'ok', says: `refused with HTTP ${status}` };
  if (status >= 200 && status < 300)
    return {
      check,
      result: 'warning',
      says: `answered with HTTP ${status}; check signatures and answer 401, or anybody can send you leads`,
    };
  return { check, result: 'warning', says: `answered with HTTP ${status}; answer 401` };
}

interface Posted {
  verdicts: BuyerTestCheck[];
  post: Post;
}

/** A post of a lead under the terms, marked as a test; after a ping, at its bid. */
export function testPostOf(
  { campaign, contract }: TestTerms,
  fields: Record<string, FieldValue>,
  pinged?: Pick<Pinged, 'ping' | 'bid' | 'kept'>,
): Post {
  return {
    postId: randomUUID(),
    pingId: pinged?.ping.pingId,
    bidId: pinged?.bid?.bidId,
    pinged: pinged?.kept,
    leadId: randomUUID(),
    category: campaign.category,
    price: pinged?.bid?.price ?? contract.price ?? floorOf(campaign.sale, contract.floor, 'exclusive'),
    currency: campaign.currency,
    exclusive: campaign.sale.mode === 'exclusive',
    test: true,
    receivedAt: new Date(),
    lead: fields,
  };
}

async function testPost(world: BuyerTest, pinged: Pinged | undefined): Promise<Posted> {
  const { send, buyer, terms, fields } = world;
  const post = testPostOf(terms, fields, pinged);
  const screen = personScreen({ fields });
  const own = ownStepOf(buyer, terms.contract, 'post');
  const postBy = (secret: Secret) =>
    sendAndKeepReply(send, (sending) => sendPost(sending, { ...buyer.post, secret, own }, post, screen));
  const { answer, reply } = await postBy(buyer.secret);
  const verdicts = arrived('post', reply, buyer.post);
  if (reply.kind === 'answer' || reply.kind === 'oversized')
    verdicts.push(postVerdict(answer, reply, buyer.id));
  const isAway = reply.kind === 'unreachable' && !reply.isBroken;
  // In its own protocol, a second post may be a second lead.
  if (own !== undefined) return { verdicts, post };
  if (isAway || isRefusedKey(reply)) return { verdicts, post };
  const { answer: second } = await postBy(buyer.secret);
  verdicts.push(repeatVerdict(answer, second));
  verdicts.push(signatureVerdict('post', (await postBy(wrongSecret())).reply));
  // After an unclear first answer the second one counts, as in production.
  const last = answer.answer === 'uncertain' ? second : answer;
  const status = buyer.status && (await testStatus(world, buyer.status, post, last));
  if (status !== undefined) verdicts.push(status.verdict);
  const isClear = last.answer !== 'uncertain' || status?.isClear === true;
  if (!isClear) verdicts.push(await testCancellation(world, post));
  if (buyer.notices !== undefined) verdicts.push(await testNotice(world, buyer.notices, post, answer));
  return { verdicts, post };
}

async function testCancellation(
  { send, buyer }: BuyerTest,
  { postId, leadId }: Post,
): Promise<BuyerTestCheck> {
  const to = { ...buyer.post, secret: buyer.secret };
  const { delivered, detail } = await sendCancellation(send, to, { postId, leadId });
  const check = 'cancel notice';
  return delivered
    ? { check, result: 'ok', says: `delivered, because the post stayed unclear: ${detail}` }
    : { check, result: 'failed', says: `not delivered: ${detail}; answer any 2xx` };
}

function postVerdict(answer: PostResult, reply: Reply, buyer: string): BuyerTestCheck {
  const check = 'post: answer';
  switch (answer.answer) {
    case 'accepted':
      return answer.detail === undefined
        ? { check, result: 'ok', says: 'accepted' }
        : { check, result: 'warning', says: `accepted; ${answer.detail}` };
    case 'refused': {
      const says = answer.words ?? answer.detail;
      const no = byStatus(statusOf(reply), buyer) ?? { result: 'ok' as const, says };
      return { check, result: no.result, says: `refused: ${no.says}` };
    }
    case 'uncertain':
      return { check, result: 'failed', says: `neither yes nor no: ${answer.detail}` };
  }
}

function repeatVerdict(first: PostResult, second: PostResult): BuyerTestCheck {
  const check = 'post: sent again';
  if (second.answer === 'uncertain')
    return { check, result: 'failed', says: `neither yes nor no: ${second.detail}` };
  if (first.answer === 'uncertain')
    return { check, result: 'ok', says: `${second.answer}, after a first answer that was unclear` };
  const saysSame = first.answer === second.answer;
  const idOf = (one: PostResult) => (one.answer === 'accepted' ? one.buyerLeadId : undefined);
  if (saysSame && idOf(first) === idOf(second))
    return { check, result: 'ok', says: `the same post_id was answered the same: ${second.answer}` };
  const says = saysSame
    ? 'the same post_id was accepted with another buyer_lead_id; remember post_ids, or leads are taken twice'
    : `the same post_id was first ${first.answer} and then ${second.answer}; remember post_ids and answer the same`;
  return { check, result: 'failed', says };
}

async function testStatus(
  { send, buyer, fields }: BuyerTest,
  to: Endpoint,
  { postId }: Post,
  { answer }: PostResult,
): Promise<{ verdict: BuyerTestCheck; isClear: boolean }> {
  const check = 'status question';
  const screen = personScreen({ fields });
  const said = await askStatus(send, { ...to, secret: buyer.secret }, postId, screen);
  const isClear = said.status === 'accepted' || said.status === 'refused';
  const found = said.status === 'unknown' ? 'that it does not know the post' : said.status;
  const verdict = (result: BuyerTestCheck['result'], says: string) => ({
    verdict: { check, result, says },
    isClear,
  });
  if (said.status === 'silent') return verdict('failed', said.detail);
  if (said.status === answer) return verdict('ok', `answered as the post was: ${said.status}`);
  if (answer === 'uncertain') return verdict('ok', `the post was unclear, and the answer says ${found}`);
  return verdict('failed', `the post was ${answer}, and the answer says ${found}`);
}

async function testNotice(
  { send, buyer, terms }: BuyerTest,
  { events, url, timeoutMs }: Endpoint & { events: readonly NoticeKind[] },
  { postId, leadId, price, currency }: Post,
  first: PostResult,
): Promise<BuyerTestCheck> {
  const isUnused = first.answer === 'uncertain' && events.includes('unused');
  const [kind = 'won'] = isUnused ? ['unused'] : events.includes('won') ? ['won'] : events;
  const check = `notice: ${kind}`;
  const about = { type: kind, post_id: postId, lead_id: leadId };
  const payload = isUnused
    ? { ...about, round: 1, reason: 'uncertain', detail: first.detail, test: true }
    : { ...about, price: toDecimal(price, currency), currency: terms.campaign.currency, test: true };
  const id = `${postId}.${kind}`;
  const { delivered, detail } = await sendNotice(send, { url, timeoutMs, secret: buyer.secret, id, payload });
  return delivered
    ? { check, result: 'ok', says: `delivered: ${detail}` }
    : { check, result: 'failed', says: `not delivered: ${detail}; answer any 2xx` };
}
