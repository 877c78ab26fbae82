import { createHash } from 'node:crypto';
import { parse } from 'yaml';
import type { Outcome, Protocol, Scalar, Step } from '../../../src/market/model/protocol.js';
import {
  compileProtocol,
  effectiveProtocol,
  type CompiledProtocol,
} from '../../../src/market/protocol/protocol.js';
import type { Scope } from '../../../src/market/protocol/scope.js';

/** Requests and answers of a protocol, and the values that made the requests. */
export interface Recording {
  values?: Record<string, Scalar>;
  secrets?: Record<string, string>;
  /** Fields of the lead beside those of `LEAD`. */
  lead?: Record<string, string>;
  /** Gavel's own ids. */
  ids?: Record<'ping_id' | 'post_id', string>;
  /** The buyer's ids of its answers to the ping and to the post. */
  pingId?: string;
  postId?: string;
  /** What an operator adds to the preset. */
  adds?: Protocol;
  requests: Record<string, RecordedRequest>;
  answers: Record<string, RecordedAnswer>;
}

interface RecordedRequest {
  method: string;
  target: string;
  headers: Record<string, string>;
  body?: string;
}

export interface RecordedAnswer {
  expect: {
    step: Step;
    means: Outcome | 'unclear';
    bid?: string;
    id?: string;
    reason?: string;
    redirect?: string;
  };
  status: number;
  headers: Record<string, string>;
  body?: string;
}

export const readRecording = (text: string): Recording => parse(text) as Recording;

export const LEAD = {
  firstName: 'Marisol',
  lastName: 'Okafor',
  phone: '+12145550142',
  email: 'marisol.okafor@example.com',
  city: 'Dallas',
  state: 'TX',
  zip: '75201',
  ip: '203.0.113.42',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64)',
  landingPage: 'https://quotes.example/auto',
  tcpaText: 'By clicking Get quotes I agree to be called.',
  trustedFormCertUrl: 'https://cert.trustedform.com/0a1b2c3d4e5f60718293a4b5c6d7e8f901234567',
  jornayaLeadId: '2D8A1F2C-6C1B-4B4E-9D0E-3F5A6B7C8D9E',
};

/** @param url the address of each step */
export function compiledPreset(preset: string, { values, adds }: Recording, url: string): CompiledProtocol {
  const protocol = effectiveProtocol({ preset, values }, adds);
  return compileProtocol(protocol, { ping: url, post: url, status: url }, (path, message) => {
    throw new Error(`${path.join('.')}: ${message}`);
  });
}

export const digest: Scope['digest'] = (algorithm, text) => createHash(algorithm).update(text).digest('hex');

export function requestScope(recording: Recording, step: Step): Scope {
  const { values = {}, secrets = {}, lead = {}, ids, pingId, postId } = recording;
  return {
    lead: { ...LEAD, ...lead },
    terms: { ping_id: 'ping-1', post_id: 'post-1', ...ids },
    ping: step === 'ping' ? undefined : { id: pingId, answer: undefined, headers: {}, capture: {} },
    post: { id: postId },
    values,
    secret: (name) => secrets[name],
    now: Date.UTC(2026, 10, 24),
    currency: 'USD',
    test: false,
    digest,
  };
}
