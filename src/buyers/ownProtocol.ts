import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { FieldDeclarations } from '../market/fields/declaration.js';
import { pingedFields } from '../market/fields/identifyingFields.js';
import type { FieldValue } from '../market/fields/reading.js';
import type { LeadFields } from '../market/fields/standardFields.js';
import { STEPS, type Protocol, type Step } from '../market/model/protocol.js';
import type { AnswerReading } from '../market/protocol/answer.js';
import type { RawAnswer } from '../market/protocol/answerDocument.js';
import {
  compileProtocol,
  effectiveProtocol,
  type CompiledProtocol,
  type CompiledStep,
  type StepUrls,
} from '../market/protocol/protocol.js';
import type { KeptAnswer, Scope } from '../market/protocol/scope.js';
import type { Buyer, Contract, Endpoint } from '../market/model/market.js';
import { TokenCache } from './oauth.js';
import type { Answered, OwnMessage, Reply, Send } from './send.js';

/*
 * Requests in a buyer's own protocol: the template is rendered, sent by the same guarded sender as Gavel's own messages,
 * and the answer handed to the protocol's reading.
 */

/** A secret of a buyer by its name. */
export type NamedSecrets = (name: string) => string | undefined;

/** A buyer's protocol with what its templates need beside the lead. */
export interface OwnProtocol {
  compiled: CompiledProtocol;
  secrets: NamedSecrets;
  buyer: string;
  contract: string;
}

type BuyerTerms = Pick<Buyer, 'id' | 'ping' | 'post' | 'status' | 'protocol'> & { secrets?: NamedSecrets };

/** Terms are read again every few seconds and seldom differ. */
const compiled = new LRUCache<string, CompiledProtocol>({ max: 10_000 });
const lastCompiled = new WeakMap<Protocol, { over: Protocol | undefined; result: CompiledProtocol }>();

/** The protocol of a buyer under a contract; undefined if the buyer uses Gavel's own. */
export function ownProtocol(
  buyer: BuyerTerms,
  contract: Pick<Contract, 'id' | 'protocol'> | undefined,
): OwnProtocol | undefined {
  const terms = buyer.protocol ?? contract?.protocol;
  if (terms === undefined) return undefined;
  return {
    compiled: compiledOnce(buyer, terms, contract?.protocol),
    secrets: buyer.secrets ?? (() => undefined),
    buyer: buyer.id,
    contract: contract?.id ?? '',
  };
}

function compiledOnce(buyer: BuyerTerms, terms: Protocol, own: Protocol | undefined): CompiledProtocol {
  const last = lastCompiled.get(terms);
  if (last !== undefined && last.over === own) return last.result;
  const urls = { ping: buyer.ping?.url, post: buyer.post?.url, status: buyer.status?.url };
  const key = JSON.stringify([buyer.protocol, own, urls]);
  let result = compiled.get(key);
  if (result === undefined) {
    result = compileStored(effectiveProtocol(buyer.protocol, own), urls);
    compiled.set(key, result);
  }
  lastCompiled.set(terms, { over: own, result });
  return result;
}

/** Rules may have become stricter since a protocol was stored. One with a fault sends nothing, and costs only its buyer. */
function compileStored(protocol: Protocol, urls: StepUrls): CompiledProtocol {
  let problem: string | undefined;
  const result = compileProtocol(protocol, urls, (path, message) => {
    problem ??= `its protocol has a fault at ${path.join('.')}: ${message}`;
  });
  if (problem === undefined) return result;
  const why = problem;
  for (const step of STEPS) {
    const one = result[step];
    if (one !== undefined)
      result[step] = { ...one, request: { ...one.request, render: () => ({ problem: why }) } };
  }
  return result;
}

const digest: Scope['digest'] = (algorithm, text) => createHash(algorithm).update(text).digest('hex');

/** What a step's templates can use of the lead and the sale. */
export type StepScope = Pick<Scope, 'lead' | 'terms' | 'ping' | 'post' | 'currency' | 'test'>;

/** A step of a protocol, ready to be sent. */
export interface OwnStep {
  protocol: OwnProtocol;
  step: Step;
  compiled: CompiledStep;
}

export function stepOf(protocol: OwnProtocol | undefined, step: Step): OwnStep | undefined {
  const one = protocol?.compiled[step];
  return protocol && one && { protocol, step, compiled: one };
}

/** The timeout of a step: that of its request, or of its endpoint, ms. */
export const timeoutOf = (step: OwnStep | undefined, endpoint: Endpoint): number =>
  step?.compiled.request.timeoutMs ?? endpoint.timeoutMs;

/**
 * The lead in the scope of a ping: what a ping may have, by the names that its template refers to.
 * @param state its two-letter code
 */
export function fieldsInPing(
  lead: Pick<LeadFields, 'fields' | 'unread' | 'state'>,
  names: readonly string[],
  declared: FieldDeclarations | undefined,
): Record<string, FieldValue> {
  const { zip, city, fields } = pingedFields(lead, { names, declared });
  const places = Object.entries({ zip, city, state: lead.state });
  const known = places.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return { ...fields, ...Object.fromEntries(known) };
}

/** The answer as it arrived, or why there is none. */
export type OwnReply = Reply | { kind: 'unsent'; ms: 0; detail: string };

const tokens = new TokenCache();

/** Renders the request and sends it. A refused token is replaced once. */
export async function sendStep(
  send: Send,
  { protocol, compiled: { request, isRecognisable } }: OwnStep,
  scope: StepScope,
  timeoutMs: number,
): Promise<OwnReply> {
  const now = Date.now();
  const {
    secrets,
    buyer,
    contract,
    compiled: { values },
  } = protocol;
  const rendered = request.render({
    ...scope,
    terms: {
      ...scope.terms,
      buyer,
      contract,
      test: scope.test,
      now: new Date(now).toISOString(),
      timeout_ms: timeoutMs,
    },
    values,
    secret: secrets,
    now,
    digest,
  });
  if ('problem' in rendered) return { kind: 'unsent', ms: 0, detail: rendered.problem };
  const { url, method, body, oauth2 } = rendered;
  const sendBy = (headers: Record<string, string>, limitMs: number): Promise<Reply> => {
    const message: OwnMessage = {
      url,
      timeoutMs: limitMs,
      request: { method, headers, body },
      isRepeatable: isRecognisable,
    };
    return send(message);
  };
  if (oauth2 === undefined) return sendBy(rendered.headers, timeoutMs);
  const left = (): number => now + timeoutMs - Date.now();
  const taken = (): number => Date.now() - now;
  for (let attempt = 1; ; attempt += 1) {
    const token = await tokens.get(send, oauth2, Math.max(1, left()));
    if ('problem' in token) return { kind: 'unreachable', ms: taken(), detail: token.problem };
    const headers = { ...rendered.headers, authorization: `Bearer ${token.token}` };
    const reply = await sendBy(headers, Math.max(1, left()));
    const isRefused = reply.kind === 'answer' && reply.status === 401;
    if (!isRefused || attempt === 2 || left() < LEAST_MS) return { ...reply, ms: taken() };
    // A 401 is a clear "not taken", so the same request may be sent again.
    tokens.forget(oauth2, token.token);
  }
}

/** With less time left, a request is not sent again, ms. */
const LEAST_MS = 50;

/** The answer for the protocol's reading; undefined if it can't be decoded. */
export const rawAnswer = ({ status, headers = {}, text }: Answered): RawAnswer | undefined =>
  text === undefined ? undefined : { status, headers, text };

/** The answer to a ping, for the templates of the post; undefined if it is too large to be kept. */
export function answerToKeep(reading: AnswerReading, { headers = {} }: Answered): KeptAnswer | undefined {
  const kept = { id: reading.id, answer: reading.data(), headers, capture: reading.capture };
  return JSON.stringify(kept).length > LARGEST_KEPT ? undefined : kept;
}

/** Characters of JSON. */
const LARGEST_KEPT = 16 * 1024;
