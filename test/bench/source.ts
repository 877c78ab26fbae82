import { randomInt } from 'node:crypto';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { request, type Dispatcher } from 'undici';
import { v7 } from 'uuid';
import { SAMPLE } from '../../src/local/demo/sample.js';
import { categoryOf, type ShapeName } from './market.js';

/** A source: the API, and a key of a seller. */
export interface Source {
  api: string;
  key: string;
  seller: string;
}

/** What a source sends: the sample lead in the campaign of a shape, by default with a new e-mail address each time. */
export interface Sent {
  shape?: ShapeName;
  /** Instead of the shape's. */
  category?: string;
  email?: string;
  /** Instead of the sample lead's. */
  home?: { state: string; zip: string };
}

/** Answer to a lead. */
export interface Reply {
  /** 0 without an answer. */
  status: number;
  /** The body, or the error if there is no answer. */
  text: string;
  /** When it was sent (`performance.now()`), and the duration until the answer, ms. */
  sentAt: number;
  ms: number;
  /** Id of an accepted lead. */
  leadId?: string;
  sold?: boolean;
  price?: number;
}

/** A source gives up after this time, ms. */
export const PATIENCE_MS = 30_000;

const Taken = Compile(
  Type.Object({ lead_id: Type.String(), status: Type.String(), price: Type.Optional(Type.Number()) }),
);

/** Each lead has a different phone and e-mail, because repeated persons would change the measurement. */
function somebody(): { phone: string; email: string } {
  const line = String(randomInt(10_000)).padStart(4, '0');
  return { phone: `512-${randomInt(200, 1000)}-${line}`, email: `${v7()}@email.com` };
}

/** Sends a lead as a source does. Never rejects. */
export async function sendLead(
  dispatcher: Dispatcher,
  { api, key, seller }: Source,
  { shape = 'usual', category = categoryOf(shape), email, home }: Sent = {},
): Promise<Reply> {
  const person = somebody();
  const lead = {
    ...SAMPLE,
    ...home,
    ...person,
    email: email ?? person.email,
    seller,
    category,
  };
  const sentAt = performance.now();
  const timed = () => ({ sentAt, ms: performance.now() - sentAt });
  try {
    const { statusCode, body } = await request(`${api}/api/leads`, {
      dispatcher,
      method: 'POST',
      headersTimeout: PATIENCE_MS,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(lead),
    });
    const text = await body.text();
    return { status: statusCode, text, ...timed(), ...(statusCode === 200 ? taken(text) : {}) };
  } catch (error) {
    return { status: 0, text: String(error), ...timed() };
  }
}

function taken(text: string): Pick<Reply, 'leadId' | 'sold' | 'price'> {
  const answer: unknown = JSON.parse(text);
  if (!Taken.Check(answer)) return {};
  return { leadId: answer.lead_id, sold: answer.status === 'sold', price: answer.price };
}
