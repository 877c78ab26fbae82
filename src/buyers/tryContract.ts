import { withinCeiling } from '../market/auction/asking.js';
import type { FieldValue } from '../market/fields/reading.js';
import type { Buyer, Contract } from '../market/model/market.js';
import type { Bid } from '../market/model/round.js';
import { channelOf } from '../market/model/outlet.js';
import { formatMoney } from '../market/money.js';
import { formText } from '../market/protocol/bodies.js';
import { escapeUrl } from '../market/protocol/templateFilters.js';
import { escapeXml } from '../market/protocol/xmlText.js';
import { renderOutlet, type Outlets } from './outlets/outlets.js';
import { personScreen } from './personScreen.js';
import type { NamedSecrets, OwnStep } from './ownProtocol.js';
import { sendPing, type Ping, type PingResult } from './ping.js';
import { sendPost, type PostReading } from './post.js';
import { renderedRequest, type Message, type Reply, type Secret, type Send } from './send.js';
import { ownStepOf, testPingOf, testPostOf, type TestTerms } from './testBuyer.js';

/*
 * Shows what a contract sends of a lead, and with `sends` what comes back. The messages are made by the production code
 * and marked as tests; nothing is stored, booked or counted.
 */

/** A message of a contract, and its answer if it was sent. */
export interface TriedStep {
  step: 'ping' | 'post';
  /** An address, or the channel of an outlet. */
  to: string;
  /** Headers and body, or the message, as they are sent. */
  sent: string;
  /** Status and body. */
  came?: string;
  /** How the exchange reads the answer. */
  means?: string;
}

interface Tried {
  buyer: Pick<Buyer, 'id' | 'ping' | 'post' | 'status' | 'protocol'> & {
    secret: Secret;
    secrets?: NamedSecrets;
  };
  terms: { campaign: TestTerms['campaign']; contract: Contract };
  fields: Record<string, FieldValue>;
}

interface Services {
  send: Send;
  outlets: Pick<Outlets, 'deliver'>;
}

/** Renders the ping and the post of a contract. With `sends`, both are sent, the post at the bid. */
export async function tryContract(services: Services, tried: Tried, { sends }: Sends): Promise<TriedStep[]> {
  const pinged = await tryPing(services, tried, { sends });
  return [...(pinged === undefined ? [] : [pinged.step]), await tryPost(services, tried, { sends, pinged })];
}

/** Whether messages are sent, or only shown. */
interface Sends {
  sends: boolean;
}

interface Pinged {
  step: TriedStep;
  ping: Ping;
  bid?: Bid;
  kept?: PingResult['kept'];
}

async function tryPing(
  { send }: Services,
  { buyer, terms, fields }: Tried,
  { sends }: Sends,
): Promise<Pinged | undefined> {
  const { campaign, contract } = terms;
  const isAsked = contract.price === undefined && contract.sharedPrice === undefined;
  if (buyer.ping === undefined || !isAsked) return undefined;
  const { ping: to, secret } = buyer;
  const own = ownStepOf(buyer, contract, 'ping');
  const ping = testPingOf(terms, fields, { secret, own });
  const { answer, ...step } = await recorded(send, { sends, own }, (by) =>
    sendPing(by, { ...to, secret, own }, ping, personScreen({ fields })),
  );
  const said = withinCeiling(answer, contract, campaign.currency);
  const means =
    'bid' in said
      ? bidInWords(said.bid, campaign.currency)
      : `${said.noBid.reason}${said.noBid.detail === undefined ? '' : `: ${said.noBid.detail}`}`;
  return {
    step: { step: 'ping', ...step, means: sends ? means : undefined },
    ping,
    bid: 'bid' in said ? said.bid : undefined,
    kept: answer.kept,
  };
}

const bidInWords = ({ price, shared }: Bid, currency: string): string =>
  `a bid of ${formatMoney(price ?? shared ?? 0, currency)}`;

async function tryPost(
  { send, outlets }: Services,
  { buyer, terms, fields }: Tried,
  { sends, pinged }: Sends & { pinged: Pinged | undefined },
): Promise<TriedStep> {
  const post = testPostOf(terms, fields, pinged);
  const { contract, campaign } = terms;
  const { outlet } = contract;
  if (outlet !== undefined) {
    const lead = { ...post, category: campaign.category };
    const result = sends ? await outlets.deliver(outlet, lead, buyer.secret) : undefined;
    return {
      step: 'post',
      to: channelOf(outlet) ?? 'no channel',
      sent: renderOutlet(outlet, lead),
      means: result && postInWords(result),
    };
  }
  if (buyer.post === undefined)
    return { step: 'post', to: 'nowhere', sent: '', means: 'the buyer has no address for posts' };
  const own = ownStepOf(buyer, contract, 'post');
  const to = { ...buyer.post, secret: buyer.secret, own };
  const { answer, ...step } = await recorded(send, { sends, own }, (by) =>
    sendPost(by, to, post, personScreen({ fields })),
  );
  return { step: 'post', ...step, means: sends ? postInWords(answer) : undefined };
}

const postInWords = (reading: PostReading): string =>
  reading.detail === undefined ? reading.answer : `${reading.answer}: ${reading.detail}`;

/** Instead of an answer, if nothing is sent. */
const NOT_SENT: Reply = { kind: 'unreachable', ms: 0, detail: 'not sent' };

/** Calls `by` with a sender that keeps the request and, if it sends, the answer. */
async function recorded<T>(
  send: Send,
  { sends, own }: Sends & { own: OwnStep | undefined },
  by: (send: Send) => Promise<T>,
): Promise<{ answer: T } & Omit<TriedStep, 'step'>> {
  const kept: { message: Message; reply?: Reply }[] = [];
  const answer = await by(async (message) => {
    const reply = sends ? await send(message) : NOT_SENT;
    kept.push({ message, reply: sends ? reply : undefined });
    return reply;
  });
  // A request for an access token may come first.
  const last = kept.at(-1);
  if (last === undefined) return { answer, to: 'nowhere', sent: '' };
  const { method, headers, body = '' } = renderedRequest(last.message);
  const lines = Object.entries(headers).map(
    ([name, value]) => `${name}: ${name.toLowerCase() === 'authorization' ? '(secret)' : value}`,
  );
  const to = withoutSecrets(last.message.url, own);
  return {
    answer,
    to,
    sent: withoutSecrets([`${method} ${last.message.url}`, ...lines, '', body].join('\n'), own),
    came: last.reply && withoutSecrets(cameInWords(last.reply), own),
  };
}

/** The names of the secrets of a buyer's own protocol instead of their values. */
function withoutSecrets(text: string, own: OwnStep | undefined): string {
  let shown = text;
  for (const name of own?.protocol.compiled.secrets ?? []) {
    const value = own?.protocol.secrets(name);
    if (value === undefined || value === '') continue;
    for (const spelling of spellingsOf(value)) shown = shown.replaceAll(spelling, `{{ secret.${name} }}`);
  }
  return shown;
}

/** A text as it is written in an address, a form, XML and JSON. */
const spellingsOf = (text: string): string[] => [
  text,
  escapeUrl(text),
  encodeURIComponent(text),
  formText([['', text]]).slice(1),
  escapeXml(text),
  JSON.stringify(text).slice(1, -1),
];

function cameInWords(reply: Reply): string {
  switch (reply.kind) {
    case 'answer':
      return `HTTP ${reply.status} after ${reply.ms} ms\n\n${reply.text ?? reply.detail ?? ''}`.trim();
    case 'timeout':
      return `no answer within ${reply.ms} ms`;
    case 'unreachable':
    case 'oversized':
      return reply.detail;
  }
}
