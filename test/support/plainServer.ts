import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request as received. */
export interface PlainRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** An HTTP server that keeps its requests and answers what `answer` says. */
export interface PlainServer {
  url: string;
  received: PlainRequest[];
  answer: (request: PlainRequest) => { status: number; headers?: Record<string, string>; body?: string };
  close(): Promise<void>;
}

export async function startPlainServer(): Promise<PlainServer> {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      const received = { method: request.method ?? '', path: request.url ?? '', headers, body };
      running.received.push(received);
      const { status, headers: own = {}, body: answer = '' } = running.answer(received);
      response.writeHead(status, own).end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const running: PlainServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: [],
    answer: () => ({ status: 200 }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return running;
}
