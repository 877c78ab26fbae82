import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Webhook } from 'standardwebhooks';

/** A request as received, and whether its Standard Webhooks signature is right. */
export interface SignedRequest {
  isSigned: boolean;
  /** The body; undefined if it is not JSON. */
  body: unknown;
}

/** An answer in JSON or as it is, or a connection that is closed without one. */
export type ServerAnswer = { status: number; body: object } | { status: number; text: string } | 'hang up';

interface Where {
  host: string;
  /** 0 takes a free one. */
  port: number;
  secret: string;
  /** Reads the secret again when a signature is wrong: it may have been rotated. */
  readSecret?: () => Promise<string>;
}

/** Listens for requests of the exchange, as the server of a buyer or seller. */
export function startSignedServer(
  { host, port, secret: first, readSecret }: Where,
  answer: (request: SignedRequest) => Promise<ServerAnswer>,
): Promise<Server> {
  // A process signs with the secret before for up to 2 s after a rotation.
  let [secret, before] = [first, first];
  async function isSigned(message: Received): Promise<boolean> {
    if (isSignedWith(secret, message) || isSignedWith(before, message)) return true;
    const present = (await readSecret?.()) ?? secret;
    if (present === secret) return false;
    [secret, before] = [present, secret];
    return isSignedWith(secret, message);
  }

  const server = createServer((incoming, response) => {
    read(incoming)
      .then(async (message) => ({ isSigned: await isSigned(message), body: parsed(message.text) }))
      .then(answer)
      .then(
        (given) => {
          if (given === 'hang up') {
            incoming.socket.destroy();
            return;
          }
          const text = 'text' in given ? given.text : JSON.stringify(given.body);
          response.writeHead(given.status, { 'content-type': 'application/json' }).end(text);
        },
        () => response.writeHead(400).end(),
      );
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

interface Received {
  text: string;
  headers: Record<string, string>;
}

async function read(incoming: IncomingMessage): Promise<Received> {
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) text += String(chunk);
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
  );
  return { text, headers };
}

function isSignedWith(secret: string, { text, headers }: Received): boolean {
  try {
    new Webhook(secret).verify(text, headers);
    return true;
  } catch {
    return false;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
