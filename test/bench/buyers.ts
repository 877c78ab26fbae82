import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { bidOf, QUICK_MS, type Manner } from './market.js';

/**
 * The process of the bench's buyers: one HTTP server per port on the command line. Their bids are constant, and they
 * accept every post that they answer. They do nothing else, because they share the machine.
 */

/** The answer time of a request, ms. */
const DELAYS: Record<Manner, () => number> = {
  instant: () => 0,
  quick: () => QUICK_MS,
  template: () => QUICK_MS,
  mixed: () => {
    const draw = Math.random();
    return draw < 0.01 ? 1500 : draw < 0.1 ? 50 : QUICK_MS;
  },
};

const FAILED_OF_MIXED = 0.05;

let lastId = 0;

async function answer(request: IncomingMessage, response: ServerResponse, bid: number): Promise<void> {
  request.resume();
  const [, manner = '', kind] = (request.url ?? '').split('/');
  const ms = DELAYS[manner as Manner]();
  if (ms > 0) await sleep(ms);
  if (manner === 'template') {
    const price = kind === 'ping' ? `<price>${bid}</price>` : '';
    response
      .writeHead(200, { 'content-type': 'text/xml' })
      .end(`<response><status>Matched</status><lead_id>${++lastId}</lead_id>${price}</response>`);
    return;
  }
  const isFailed = manner === 'mixed' && Math.random() < FAILED_OF_MIXED;
  response
    .writeHead(isFailed ? 503 : 200, { 'content-type': 'application/json' })
    .end(JSON.stringify(isFailed ? {} : kind === 'ping' ? { bid } : { accepted: true }));
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
