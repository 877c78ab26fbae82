import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** A buyer's reaction to one request: an answer with delay, status and body, or a closed connection. */
export interface Behaviour {
  /** Waits before it answers, ms. */
  after?: number;
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  /** Sends this text instead of JSON. */
  raw?: string;
  /** Cuts the connection after the first byte of an answer. Before it, a kept-alive connection would count as dropped. */
  hangUp?: boolean;
  /** Cuts the connection in the middle of the answer, or sends the whole answer twice. */
  breaks?: 'half way' | 'after saying it twice';
}

/** One behavior, one for each request (the last one repeats), or a function of the request. */
export type Behaviours = Behaviour | Behaviour[] | ((received: Received) => Behaviour);

export interface Received {
  type: string;
  at: number;
  headers: Record<string, string | string[] | undefined>;
  body: Record<string, unknown>;
  /** Whether the Standard Webhooks signature is valid. */
  signed: boolean;
}

/** Requests to the servers of buyers and sellers. */
export const REQUEST_TYPES = [
  ...([
    'ping',
    'post',
    'post_cancelled',
    'post_status',
    'won',
    'lost',
    'billed',
    'low_balance',
    'unused',
  ] as const),
  ...(['lead.pending', 'lead.sold', 'lead.returned', 'lead.expired', 'lead.withdrawn'] as const),
] as const;

/** `test` is a test postback, `check` a request to an outside service. */
export type RequestType = (typeof REQUEST_TYPES)[number] | 'test' | 'check' | 'digest';

export interface FakeBuyer {
  url: string;
  /** Secret that signs its requests. */
  secret: string;
  received: Received[];
  of(type: RequestType): Received[];
  /** Replaces the answers; a list starts again. */
  answer(kind: RequestType, behaviours: Behaviours): void;
  /** Called for each request before the answer; a test can delay the answer here. */
  onRequest?: (received: Received) => Promise<void> | void;
  close(): Promise<void>;
}

/** A fake buyer, or a seller with postbacks: a real HTTP server that records its requests. */
export async function startBuyer(
  answers: Partial<Record<RequestType, Behaviours>> = {},
  secret = `whsec_${Buffer.from('a secret for a test buyer').toString('base64')}`,
): Promise<FakeBuyer> {
  const behaviours = new Map<string, Behaviours>([
    ...REQUEST_TYPES.map((type) => [type, { body: {} }] as const),
    ['ping', { body: { bid: 20 } }],
    ['post', { body: { accepted: true } }],
    ...Object.entries(answers),
  ]);
  const received: Received[] = [];
  const asked = new Map<string, number>();
  const server = createServer((request, response) => {
    void handle(request, response);
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const message = read(request, await bodyOf(request), buyer.secret);
    received.push(message);
    const times = (asked.get(message.type) ?? 0) + 1;
    asked.set(message.type, times);
    await buyer.onRequest?.(message);
    await respond(response, pick(behaviours.get(message.type) ?? { status: 404 }, times, message));
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const buyer: FakeBuyer = {
    url: `http://127.0.0.1:${port}/`,
    secret,
    received,
    of: (type) => received.filter((message) => message.type === type),
    answer: (kind, next) => {
      behaviours.set(kind, next);
      asked.delete(kind);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return buyer;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function read(request: IncomingMessage, text: string, secret: string): Received {
  const body = JSON.parse(text) as Record<string, unknown>;
  return {
    type: String(body.type),
    at: Date.now(),
    headers: request.headers,
    body,
    signed: verify(request, text, secret),
  };
}

function verify(request: IncomingMessage, text: string, secret: string): boolean {
  try {
    new Webhook(secret).verify(text, request.headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
}

function pick(behaviours: Behaviours, times: number, received: Received): Behaviour {
  if (typeof behaviours === 'function') return behaviours(received);
  if (!Array.isArray(behaviours)) return behaviours;
  return behaviours[Math.min(times, behaviours.length) - 1] ?? {};
}

async function respond(response: ServerResponse, behaviour: Behaviour): Promise<void> {
  if (behaviour.after) await new Promise((resolve) => setTimeout(resolve, behaviour.after));
  if (behaviour.hangUp) return void response.socket?.end('H');
  const text = behaviour.raw ?? (behaviour.body === undefined ? '' : JSON.stringify(behaviour.body));
  if (behaviour.breaks) {
    breakOff(response, behaviour.breaks, text);
    return;
  }
  response.writeHead(behaviour.status ?? 200, { 'content-type': 'application/json', ...behaviour.headers });
  response.end(text);
}

/** Writes a malformed answer directly to the connection. */
function breakOff({ socket }: ServerResponse, how: 'half way' | 'after saying it twice', text: string): void {
  const whole = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
  if (how === 'half way') socket?.end(whole.slice(0, -Math.ceil(text.length / 2)));
  else socket?.end(whole + whole);
}
