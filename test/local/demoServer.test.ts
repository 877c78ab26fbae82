import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startDemoServer } from '../../src/local/demo/demoServer.js';
import type { DemoMessage } from '../../src/local/demo/messages.js';

const SECRET = 'whsec_YSBzZWNyZXQgb2YgdGhpcnR5LXR3byBjaGFyYWN0ZXJz';

/** The response to a signed request. */
async function send(server: Server, payload: object, secret = SECRET): Promise<Response> {
  const [body, at] = [JSON.stringify(payload), new Date()];
  const { port } = server.address() as AddressInfo;
  return fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign('msg_1', at, body),
    },
    body,
  });
}

const PARTY = { id: 'woodgrove', port: 0, secret: SECRET };

/** The terminal line of a demo server for a signed request. */
async function reported(payload: object): Promise<string> {
  const messages: DemoMessage[] = [];
  const server = await startDemoServer(PARTY, (message) => messages.push(message));
  onTestFinished(() => void server.close());
  expect((await send(server, payload)).status).toBe(200);
  return messages
    .map((message) =>
      message.event === 'answered' ? `${message.what} ${message.about}: ${message.answer}` : '',
    )
    .join('\n');
}

const lead = { lead_id: '01a2', currency: 'USD' };
const back = (buyer: string, amount: number) => ({ buyer_id: buyer, reason: 'wrong_number', amount });

describe('The log of the demo', () => {
  it.each([
    [{ type: 'post', ...lead, price: 30, test: true }, 'post test lead 01a2: accepted at $30.00'],
    [{ type: 'post', ...lead, price: 30, test: false }, 'post lead 01a2: accepted at $30.00'],
    [
      { type: 'ping', category: 'Auto Insurance', state: 'TX', test: true },
      'ping test Auto Insurance · TX: bids $0.00 after 0 ms',
    ],
  ])('marks a test lead: %j', async (payload, line) => {
    expect(await reported(payload)).toBe(line);
  });

  it.each([
    [{ status: 'sold', price: 45, buyer_ids: ['northwind'] }, 'sold at $45.00 to northwind'],
    [{ status: 'pending', reason: 'no_buyer_eligible' }, 'pending: no_buyer_eligible'],
    [
      { status: 'returned', price: 0, returns: [back('northwind', 45)] },
      'returned by northwind: wrong_number, $45.00 taken back',
    ],
    [
      { status: 'returned', price: 11, returns: [back('northwind', 34)] },
      'returned by northwind: wrong_number, $34.00 taken back; $11.00 remains',
    ],
    [
      { status: 'sold', price: 10, buyer_ids: ['fabrikam'], returns: [back('northwind', 45)] },
      'sold at $10.00 to fabrikam; returned by northwind: wrong_number, $45.00 taken back',
    ],
    [
      { status: 'pending', price: 0, reason: 'no_buyer_eligible', returns: [back('northwind', 45)] },
      'pending: no_buyer_eligible; returned by northwind: wrong_number, $45.00 taken back',
    ],
  ])('describes a postback: %j', async (standing, words) => {
    expect(await reported({ type: `lead.${standing.status}`, ...lead, ...standing })).toBe(
      `postback lead 01a2: ${words}`,
    );
  });
});

describe('A demo buyer', () => {
  it('goes on answering when its secret is rotated, and refuses messages that are signed with another', async () => {
    let stored = SECRET;
    const server = await startDemoServer(
      PARTY,
      () => undefined,
      async () => stored,
    );
    onTestFinished(() => void server.close());
    const ping = { type: 'ping', category: 'Solar' };
    const [rotated, other] = ['rotated', 'unknown'].map(
      (text) => `whsec_${Buffer.from(text.padEnd(24)).toString('base64')}`,
    );
    expect((await send(server, ping, rotated)).status).toBe(401);
    stored = rotated ?? '';
    expect((await send(server, ping, rotated)).status).toBe(200);
    expect((await send(server, ping, other)).status).toBe(401);
    expect((await send(server, ping)).status).toBe(200);
  });
});
