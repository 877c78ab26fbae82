import { randomInt } from 'node:crypto';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { request, type Dispatcher } from 'undici';
import { v7 } from 'uuid';
import { SAMPLE } from '../../src/local/demo/sample.js';

/** Who sends leads over HTTP: an API, a key, and whose it is (the sample's seller unless said). */
export interface Source {
  api: string;
  key: string;
  seller?: string;
}

/** What a lead was answered, and after how long, ms. */
export interface Reply {
  /** 0 where no answer came. */
  status: number;
  /** As sent, or why no answer came. */
  text: string;
  ms: number;
  /** Of a lead that was taken. */
  leadId?: string;
  sold?: boolean;
  price?: number;
}

const Taken = Compile(
  Type.Object({ lead_id: Type.String(), status: Type.String(), price: Type.Optional(Type.Number()) }),
);

/** Leads come from different people, who are recognised by these two: one who came again and again would be another matter. */
function somebody(): { phone: string; email: string } {
  const line = String(randomInt(10_000)).padStart(4, '0');
  return { phone: `512-${randomInt(200, 1000)}-${line}`, email: `${v7()}@email.com` };
}

/** Sends the sample lead, of somebody else each time, as a source does. Never rejects. */
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
