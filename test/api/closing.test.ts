import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { openApiWorld, request, SAMPLE, sendLead } from './world.js';

it('while it closes, requests in progress finish and new ones are rejected with 503', async () => {
  const world = await openApiWorld({ ANSWER_WINDOW_MS: 1500 });
  const waiting = sendLead(world, SAMPLE, { prefer: '' });
  await expect.poll(() => world.database.leads.countDocuments()).toBe(1);

  // A half-received request keeps its connection open.
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

it('it closes connections whose request does not arrive completely, or not at all', async () => {
  const world = await openApiWorld();
  const { hostname, port } = new URL(world.api.address);
  const closed = ['GET /health HTTP/1.1\r\nHost: gavel\r\n', ''].map(
    (text) =>
      new Promise((resolve) => {
        const socket = connect(Number(port), hostname, () => socket.write(text));
        socket.on('error', () => undefined);
        socket.on('close', resolve);
      }),
  );
  // So that the server has accepted both.
  expect((await request(world, '/health')).status).toBe(200);
  const began = performance.now();
  await world.api.close();
  expect(performance.now() - began).toBeLessThan(8000);
  await Promise.all(closed);
  await world.database.client.close();
});

it('for STOP_DELAY_MS after the stop it takes leads as before, while /ready reports 503 to load balancers', async () => {
  const world = await openApiWorld({ ANSWER_WINDOW_MS: 100, STOP_DELAY_MS: 1000 });
  expect((await request(world, '/ready')).status).toBe(200);
  const began = performance.now();
  const closed = world.api.close();
  const ready = await request(world, '/ready');
  expect(ready).toMatchObject({ status: 503, body: { ready: false, parts: { mongodb: 'ok' } } });
  const answered = await sendLead(world, SAMPLE);
  expect(answered.body).toMatchObject({ success: true, status: 'pending' });
  expect(answered.headers.get('connection')).toBe('close');
  await closed;
  expect(performance.now() - began).toBeGreaterThan(1000);
  await world.database.client.close();
});
