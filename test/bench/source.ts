import { randomInt } from 'node:crypto';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { request, type Dispatcher } from 'undici';
import { v7 } from 'uuid';
import { SAMPLE } from '../../src/local/demo/sample.js';

/** A source: the API, a key, and its seller (by default the sample's). */
export interface Source {
  api: string;
  key: string;
  seller?: string;
}

/** Answer to a lead and its duration, ms. */
export interface Reply {
  /** 0 without an answer. */
  status: number;
  /** The body, or the error if there is no answer. */
  text: string;
  ms: number;
  /** Id of an accepted lead. */
  leadId?: string;
  sold?: boolean;
  price?: number;
}

const Taken = Compile(
  Type.Object({ lead_id: Type.String(), status: Type.String(), price: Type.Optional(Type.Number()) }),
);

/** Each lead has a different phone and e-mail, because repeated persons would change the measurement. */
function somebody(): { phone: string; email: string } {
  const line = String(randomInt(10_000)).padStart(4, '0');
  return { phone: `512-${randomInt(200, 1000)}-${line}`, email: `${v7()}@email.com` };
}

/** Sends the sample lead as a source does, with a different person each time. Never rejects. */
export async function sendLead(
  dispatcher: Dispatcher,
  { api, key, seller = SAMPLE.seller }: Source,
): Promise<Reply> {
  const began = performance.now();
  try {
    const { statusCode, body } = await request(`${api}/api/leads`, {
      dispatcher,
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...SAMPLE, ...somebody(), seller }),
    });
    const text = await body.text();
    return {
      status: statusCode,
      text,
      ms: performance.now() - began,
      ...(statusCode === 200 && taken(text)),
    };
  } catch (error) {
    return { status: 0, text: String(error), ms: performance.now() - began };
  }
}

function taken(text: string): Pick<Reply, 'leadId' | 'sold' | 'price'> {
  const answer: unknown = JSON.parse(text);
  if (!Taken.Check(answer)) return {};
  return { leadId: answer.lead_id, sold: answer.status === 'sold', price: answer.price };
}
