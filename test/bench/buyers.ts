import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import Type from 'typebox';
import Value from 'typebox/value';
import { BUYER_MS, bidOf } from './market.js';

/**
 * The process of the bench's buyers: one HTTP server per port on the command line. They answer after the configured time
 * with constant bids, and accept every post. They do nothing else, because their CPU time is not measured.
 */
const Request = Type.Object({ type: Type.String() });

async function answer(request: IncomingMessage, response: ServerResponse, bid: number): Promise<void> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  const { type } = Value.Parse(Request, JSON.parse(text));
  await sleep(BUYER_MS);
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify(type === 'ping' ? { bid } : { accepted: true }));
}

const ports = process.argv.slice(2).map(Number);
const listening = ports.map((port, index) => {
  const server = createServer((request, response) => {
    answer(request, response, bidOf(index)).catch(() => response.destroy());
  });
  return new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
});
await Promise.all(listening);
process.send?.({ event: 'ready' });
process.once('disconnect', () => process.exit(0));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
