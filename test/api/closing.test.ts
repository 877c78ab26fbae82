import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { openApiWorld, SAMPLE, sendLead } from './world.js';

it('while it closes, what is being answered ends well and what comes anew is sent elsewhere', async () => {
  const world = await openApiWorld({ ANSWER_WINDOW_MS: 1500 });
  const waiting = sendLead(world, SAMPLE, { prefer: '' });
  await expect.poll(() => world.database.leads.countDocuments()).toBe(1);

  // A request of which half has arrived keeps its connection open.
  const { hostname, port } = new URL(world.api.address);
  const socket = connect(Number(port), hostname);
  let late = '';
  socket.on('data', (chunk) => (late += chunk.toString()));
  const hungUp = new Promise((resolve) => socket.on('close', resolve));
  socket.write('GET /health HTTP/1.1\r\nHost: gavel\r\n');
  await expect.poll(() => socket.bytesWritten).toBeGreaterThan(0);
  await sendLead(world, {});

  const closed = world.api.close();
  socket.write('\r\n');
  await hungUp;
  expect(late).toMatch(/^HTTP\/1.1 503 /);
  expect(late.toLowerCase()).toContain('connection: close\r\n');
  expect(late.toLowerCase()).toContain('retry-after: 1\r\n');
  expect(late).toContain('"error":"Service unavailable"');

  const answered = await waiting;
  expect(answered.body).toMatchObject({ success: true, status: 'pending' });
  expect(answered.headers.get('connection')).toBe('close');
  await closed;
  await world.database.client.close();
});
