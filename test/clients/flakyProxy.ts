import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What happens to a request: an answer of the proxy, or a broken connection before or after the API has answered. */
export type Fault =
  | { status: number; headers?: Record<string, string>; body?: string }
  | { breaks: 'before' | 'after' }
  | { breaks: 'within'; afterLines: number };

export interface FlakyProxy {
  address: string;
  /** The faults of the next requests; afterwards they pass. */
  faults: Fault[];
  /** What arrived. */
  requests: { path: string; headers: IncomingMessage['headers']; body: string }[];
  close(): void;
}

/** A proxy in front of an API, whose connections break. */
export async function openFlakyProxy(api: string): Promise<FlakyProxy> {
  const faults: Fault[] = [];
  const requests: FlakyProxy['requests'] = [];
  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy());
  });

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, headers, url = '' } = request;
    const body = await buffer(request);
    requests.push({ path: url, headers, body: body.toString() });
    const fault = faults.shift();
    if (fault !== undefined && 'status' in fault)
      return void response.writeHead(fault.status, fault.headers).end(fault.body ?? '');
    if (fault?.breaks === 'before') return void response.destroy();
    const { connection: _connection, host: _host, 'content-length': _length, ...passed } = headers;
    const answer = await fetch(api + url, {
      method,
      headers: passed as Record<string, string>,
      body: body.length > 0 ? body : undefined,
    });
    const text = await answer.text();
    if (fault !== undefined && !('afterLines' in fault)) return void response.destroy();
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (fault === undefined) return void response.end(text);
    response.write(text.split('\n').slice(0, fault.afterLines).join('\n') + '\n{"line": ', () =>
      response.destroy(),
    );
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}`, faults, requests, close: () => void server.close() };
}
