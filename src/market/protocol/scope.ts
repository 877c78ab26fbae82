import type { FieldValue } from '../fields/reading.js';
import { namesPerson } from '../fields/identifyingFields.js';
import { parsePath, valueAt } from '../mapping/path.js';
import { nearest } from '../nearest.js';
import { ProtocolFault } from './protocolFault.js';
import type { Scalar, Step } from '../model/protocol.js';
import type { Value } from './values.js';

/** The answer to a ping, kept for the templates of the post. */
export interface KeptAnswer {
  id?: string;
  /** JSON as it is, XML as maps and lists by local names, any other answer as a text. */
  answer: unknown;
  /** By name in lower case. */
  headers: Readonly<Record<string, string>>;
  capture: Readonly<Record<string, string>>;
}

/** Everything that templates can refer to: this lead, this sale, the buyer's constants. Nothing else is reachable. */
export interface Scope {
  /** The lead's fields; in a ping, only those that do not identify the person. */
  lead: Readonly<Record<string, FieldValue>>;
  /** Gavel's own ids and terms by the names in `TERMS`. */
  terms: Readonly<Partial<Record<Term, Scalar>>>;
  ping?: KeptAnswer;
  /** The buyer's answer to the post, for a status question. */
  post?: { id?: string };
  values: Readonly<Record<string, Scalar>>;
  /** A secret by its name; undefined if it is not stored. */
  secret: (name: string) => string | undefined;
  /** UTC ms. */
  now: number;
  /** ISO 4217, of `price` and `floor`. */
  currency: string;
  test: boolean;
  /** A digest in hexadecimal. */
  digest: (algorithm: 'sha256' | 'sha1' | 'md5', text: string) => string;
}

/** Single values, and the steps in which they are known. */
const TERMS = {
  ping_id: ['ping', 'post', 'status'],
  post_id: ['post', 'status'],
  lead_id: ['post', 'status'],
  category: ['ping', 'post', 'status'],
  currency: ['ping', 'post', 'status'],
  floor: ['ping'],
  round: ['ping'],
  timeout_ms: ['ping', 'post', 'status'],
  price: ['post'],
  exclusive: ['post'],
  received_at: ['post'],
  contract: ['ping', 'post', 'status'],
  buyer: ['ping', 'post', 'status'],
  test: ['ping', 'post', 'status'],
  now: ['ping', 'post', 'status'],
} as const satisfies Record<string, readonly Step[]>;
export type Term = keyof typeof TERMS;

const isTerm = (name: string): name is Term => Object.hasOwn(TERMS, name);

/** What a template refers to, for the checks of the market file. */
export interface Reference {
  to: 'lead' | 'ping' | 'post' | 'value' | 'secret' | 'term';
  name: string;
}

export interface Operand {
  read: (scope: Scope) => Value;
  reference: Reference;
}

const HEADS = ['lead', 'ping', 'post', 'values', 'secret'];
const NAME = /^(?:[A-Za-z_][\w-]*|\["[^"\]]{1,100}"\])$/;

/**
 * What a placeholder begins with: `lead.zip`, `ping.answer.response.lead_id`, `secret.KEY`, `price`.
 * @throws ProtocolFault
 */
export function compileOperand(text: string, step: Step): Operand {
  const [, head = '', rest = ''] = /^([A-Za-z_]\w*)(.*)$/s.exec(text) ?? [];
  if (isTerm(head) && rest === '') return term(head, step);
  switch (head) {
    case 'lead':
      return leadField(nameIn(text, rest), step);
    case 'values': {
      const name = nameIn(text, rest);
      return {
        reference: { to: 'value', name },
        read: ({ values }) => (Object.hasOwn(values, name) ? values[name] : undefined),
      };
    }
    case 'secret': {
      const name = nameIn(text, rest);
      return { reference: { to: 'secret', name }, read: ({ secret }) => secret(name) };
    }
    case 'ping':
      return pingValue(text, rest, step);
    case 'post':
      if (rest !== '.id' || step !== 'status')
        throw new ProtocolFault(`"${text}" is not known here; a status request can use post.id`);
      return { reference: { to: 'post', name: 'id' }, read: ({ post }) => post?.id };
    default: {
      const meant = nearest(text, [...HEADS, ...Object.keys(TERMS)]);
      const hint =
        meant === undefined
          ? `templates know ${HEADS.map((one) => `${one}.NAME`).join(', ')}, ${termsOf(step).join(', ')}`
          : `did you mean ${meant}?`;
      throw new ProtocolFault(`"${text}" is nothing that a template knows; ${hint}`);
    }
  }
}

const termsOf = (step: Step): string[] =>
  Object.entries<readonly Step[]>(TERMS).flatMap(([name, steps]) => (steps.includes(step) ? [name] : []));

function term(name: Term, step: Step): Operand {
  const steps: readonly Step[] = TERMS[name];
  if (!steps.includes(step))
    throw new ProtocolFault(`"${name}" is not known in a ${step}; it is in a ${steps.join(' and a ')}`);
  return { reference: { to: 'term', name }, read: ({ terms }) => terms[name] };
}

function nameIn(text: string, rest: string): string {
  const name = rest.startsWith('.') ? rest.slice(1) : rest;
  const head = text.slice(0, text.length - rest.length);
  if (!NAME.test(name))
    throw new ProtocolFault(`"${text}" names nothing; write it like ${head}.name or ${head}["a name"]`);
  return name.startsWith('[') ? name.slice(2, -2) : name;
}

function leadField(name: string, step: Step): Operand {
  if (step === 'ping' && namesPerson(name, undefined))
    throw new ProtocolFault(`"lead.${name}" says who the person is, which no ping does; remove it`);
  return {
    reference: { to: 'lead', name },
    read: ({ lead }) => (Object.hasOwn(lead, name) ? lead[name] : undefined),
  };
}

/** `ping.id`, `ping.answer` with a path, `ping.headers["x-id"]`, `ping.capture.token` */
function pingValue(text: string, rest: string, step: Step): Operand {
  if (step === 'ping')
    throw new ProtocolFault(
      `"${text}" is of the answer to the ping, which a ping does not have; use ping_id`,
    );
  const [, part = '', path = ''] = /^\.(id|answer|headers|capture)(?![\w-])(.*)$/s.exec(rest) ?? [];
  const reference: Reference = { to: 'ping', name: part };
  switch (part) {
    case 'id':
      if (path === '') return { reference, read: ({ ping }) => ping?.id };
      break;
    case 'headers': {
      const name = nameIn(text, path).toLowerCase();
      return { reference, read: ({ ping }) => ownText(ping?.headers, name) };
    }
    case 'capture': {
      const name = nameIn(text, path);
      return {
        reference: { to: 'ping', name: `capture.${name}` },
        read: ({ ping }) => ownText(ping?.capture, name),
      };
    }
    case 'answer': {
      if (path === '') return { reference, read: ({ ping }) => scalarOf(ping?.answer) };
      const parsed = parsePath(path.startsWith('.') ? path.slice(1) : path);
      if ('problem' in parsed) throw new ProtocolFault(`"${text}": the path ${parsed.problem}`);
      return { reference, read: ({ ping }) => scalarOf(valueAt(parsed, ping?.answer)) };
    }
  }
  throw new ProtocolFault(
    `"${text}" is not a part of a ping’s answer; use ping.id, ping.answer.PATH, ping.headers["NAME"] or ping.capture.NAME`,
  );
}

const ownText = (map: Readonly<Record<string, string>> | undefined, name: string): string | undefined =>
  map !== undefined && Object.hasOwn(map, name) ? map[name] : undefined;

/** A value of a document as a template can use it; maps are not values. */
function scalarOf(value: unknown): Value {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((item: unknown) =>
    typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean' ? String(item) : [],
  );
}
