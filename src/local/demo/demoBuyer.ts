import { createServer, type IncomingMessage, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import Type from 'typebox';
import Value from 'typebox/value';
import { formatDecimal } from '../../market/money.js';
import type { DemoBuyer, DemoMessage } from './messages.js';

/** What it reads of a ping, a post or a notice (docs/buyer.md); the rest is not its business. */
const Request = Type.Object({
  type: Type.Union([Type.Literal('ping'), Type.Literal('post'), Type.Literal('post_cancelled')]),
  category: Type.Optional(Type.String()),
  state: Type.Optional(Type.String()),
  lead_id: Type.Optional(Type.String()),
  post_id: Type.Optional(Type.String()),
  price: Type.Optional(Type.Number()),
  currency: Type.Optional(Type.String()),
});
type Request = Type.Static<typeof Request>;

interface Answer {
  body: object;
  words: string;
}

/**
 * A buyer of the demo market: a real HTTP server that checks each request's signature, bids and buys as it was told,
 * and answers a post that it has seen as it did the first time.
 */
export function startDemoBuyer(buyer: DemoBuyer, tell: (message: DemoMessage) => void): Promise<Server> {
  const bought = new Map<string, Answer>();

  async function answer(request: Request): Promise<Answer> {
    if (request.type === 'ping') {
      await sleep(buyer.after);
      const { bid = 0 } = buyer;
      return { body: { bid }, words: bid > 0 ? `bid ${amount(bid, request)}` : 'no bid' };
    }
    const { post_id: post = '' } = request;
    if (request.type === 'post_cancelled') return { body: {}, words: 'noted' };
    const before = bought.get(post);
    if (before) return { ...before, words: `${before.words} (again)` };
    const first = {
      body: { accepted: true, buyer_lead_id: `${buyer.id}-${bought.size + 1}` },
      words: `accepted at ${amount(request.price ?? 0, request)}`,
    };
    bought.set(post, first);
    return first;
  }

  const server = createServer((incoming, response) => {
    const respond = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    read(incoming, buyer.secret)
      .then(async (request) => {
        if (request === undefined) {
          respond(401, { error: 'the signature is not right' });
          return;
        }
        const { body, words } = await answer(request);
        respond(200, body);
        tell({ event: request.type, buyer: buyer.id, about: about(request), answer: words });
      })
      .catch(() => respond(400, { error: 'this is not a ping, a post or a notice' }));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(buyer.port, '127.0.0.1', () => resolve(server));
  });
}

const amount = (decimal: number, { currency = 'USD' }: Request): string => formatDecimal(decimal, currency);

/** A ping names no lead; a post names it by its id, not by the person. */
function about({ lead_id: lead, category = '', state }: Request): string {
  if (lead !== undefined) return `lead ${lead}`;
  return state === undefined ? category : `${category} · ${state}`;
}

/** The request, or undefined where its signature is wrong. */
async function read(incoming: IncomingMessage, secret: string): Promise<Request | undefined> {
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) text += String(chunk);
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
  );
  let content: unknown;
  try {
    content = new Webhook(secret).verify(text, headers);
  } catch {
    return undefined;
  }
  return Value.Parse(Request, content);
}
