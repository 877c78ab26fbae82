import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import Type from 'typebox';
import Value from 'typebox/value';
import { formatDecimal } from '../../market/money.js';
import { startSignedServer } from '../signedServer.js';
import type { DemoMessage, DemoParty } from './messages.js';

const optional = Type.Optional;

/** What it reads of a ping, a post, a notice (docs/buyer.md) or a postback (docs/source.md). */
const Request = Type.Object({
  type: Type.String(),
  category: optional(Type.String()),
  state: optional(Type.String()),
  currency: optional(Type.String()),
  test: optional(Type.Boolean()),
  lead_id: optional(Type.String()),
  lead: optional(Type.Object({ zip: optional(Type.String()) })),
  post_id: optional(Type.String()),
  price: optional(Type.Number()),
  balance: optional(Type.Number()),
  below: optional(Type.Number()),
  status: optional(Type.String()),
  reason: optional(Type.String()),
  buyer_ids: optional(Type.Array(Type.String())),
  returns: optional(
    Type.Array(Type.Object({ buyer_id: Type.String(), reason: Type.String(), amount: Type.Number() })),
  ),
});
type Request = Type.Static<typeof Request>;

interface Answer {
  status: number;
  body: object;
  /** For the person at the terminal. */
  words: string;
}

/**
 * Starts a demo party: a real HTTP server that checks each request's signature, answers as its description says, and
 * repeats its first answer when a post is sent again.
 * @param readSecret reads the party's secret again, which may be rotated while the server runs
 */
export function startDemoServer(
  party: DemoParty,
  tell: (message: DemoMessage) => void,
  readSecret?: () => Promise<string>,
): Promise<Server> {
  const answered = new Map<string, Answer>();

  async function answer(request: Request): Promise<Answer> {
    if (request.type === 'ping') return bid(party);
    if (request.type !== 'post') return { status: 200, body: {}, words: noticed(request) };
    const { post_id: post = '' } = request;
    const before = answered.get(post);
    if (before) return { ...before, words: `${before.words} (again)` };
    const first = answerPost(party, request, answered.size + 1);
    answered.set(post, first);
    return first;
  }

  const where = { host: '127.0.0.1', port: party.port, secret: party.secret, readSecret };
  return startSignedServer(where, async ({ isSigned, body: content }) => {
    if (!isSigned) return { status: 401, body: { error: 'the signature is wrong' } };
    const request = Value.Parse(Request, content);
    const { status, body, words } = await answer(request);
    tell({
      event: 'answered',
      party: party.id,
      what: whatIs(request),
      about: about(request),
      answer: words,
    });
    return { status, body };
  });
}

const dollars = (amount: number, currency = 'USD'): string => formatDecimal(amount, currency);

async function bid({ bid = 0, bidsAfterMs = 0 }: DemoParty): Promise<Answer> {
  await sleep(bidsAfterMs);
  return { status: 200, body: { bid }, words: `bids ${dollars(bid)} after ${bidsAfterMs} ms` };
}

function answerPost(party: DemoParty, { lead, price = 0, currency }: Request, count: number): Answer {
  if (party.isUnclear === true) {
    return { status: 503, body: { error: 'try again later' }, words: 'no clear answer (503)' };
  }
  if (party.refusesZip !== undefined && lead?.zip === party.refusesZip) {
    return { status: 200, body: { accepted: false, reason: 'duplicate' }, words: 'refused: duplicate' };
  }
  return {
    status: 200,
    body: { accepted: true, buyer_lead_id: `${party.id}-${count}` },
    words: `accepted at ${dollars(price, currency)}`,
  };
}

/** What a notice or a postback says. */
function noticed(request: Request): string {
  const { type, balance, below, currency } = request;
  if (balance !== undefined && below !== undefined)
    return `${dollars(balance, currency)} left, below ${dollars(below, currency)}`;
  return type.startsWith('lead.') ? statusText(request) : 'noted';
}

/** The lead's status in a postback. */
function statusText({ status, reason, price, currency, buyer_ids: ids, returns = [] }: Request): string {
  const now = [status, reason].filter((each) => each !== undefined).join(': ');
  const sold = price !== undefined && ids ? `sold at ${dollars(price, currency)} to ${ids.join(', ')}` : now;
  const back = returns.map(
    ({ buyer_id: buyer, reason: why, amount }) =>
      `returned by ${buyer}: ${why}, ${dollars(amount, currency)} taken back`,
  );
  const rest = ids === undefined && price ? [`${dollars(price, currency)} remains`] : [];
  return [...(status === 'returned' ? [] : [sold]), ...back, ...rest].join('; ');
}

const whatIs = ({ type }: Request): string =>
  type.startsWith('lead.') ? 'postback' : type.replaceAll('_', ' ');

/** A ping names no lead; a post names it by its id, not by the person. */
function about({ lead_id: lead, category = '', state, test = false }: Request): string {
  const isTest = test ? 'test ' : '';
  if (lead !== undefined) return `${isTest}lead ${lead}`;
  const place = state === undefined ? category : `${category} · ${state}`;
  return place === '' ? '' : `${isTest}${place}`;
}
