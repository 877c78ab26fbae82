import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sendPing } from '../../src/buyers/ping.js';
import { openSender, type Reply } from '../../src/buyers/send.js';
import type { Resolve } from '../../src/buyers/guardedConnector.js';
import type { OutboundSettings } from '../../src/buyers/outboundRules.js';
import { namesNobody } from '../support/namesNobody.js';

const SECRET = `whsec_${Buffer.from('a secret for a test buyer').toString('base64')}`;

/** Two servers on one port: 127.0.0.2 represents a public address, 127.0.0.1 a forbidden one. */
describe('outbound requests reach only allowed servers', () => {
  let outside: Server;
  let inside: Server;
  let port: number;
  let reached: string[] = [];
  let opened: ReturnType<typeof openSender>[] = [];

  const listen = (server: Server, at: number, host: string): Promise<void> =>
    new Promise((resolve) => server.listen(at, host, resolve));
  const server = (name: string): Server => {
    const made = createServer((request, response) => {
      reached.push(`${name} ${request.url}`);
      const headers = { connection: 'close', location: `http://127.0.0.1:${port}/moved` };
      response.writeHead(request.url === '/redirect' ? 307 : 200, headers).end('{"bid":20}');
    });
    return made.on('connection', () => reached.push(`connection to ${name}`));
  };

  beforeAll(async () => {
    [outside, inside] = [server('outside'), server('inside')];
    await listen(outside, 0, '127.0.0.2');
    port = (outside.address() as AddressInfo).port;
    await listen(inside, port, '127.0.0.1');
  });
  afterEach(async () => {
    await Promise.all(opened.map(({ close }) => close()));
    [opened, reached] = [[], []];
  });
  afterAll(() => {
    outside.close();
    inside.close();
  });

  function sender(
    resolve?: Resolve,
    settings: OutboundSettings = { OUTBOUND_ALLOW: '127.0.0.2', OUTBOUND_HTTP: true },
  ) {
    const made = openSender(settings, { resolve });
    opened.push(made);
    return (url: string): Promise<Reply> =>
      made.send({ url, id: 'msg_1', secret: SECRET, payload: {}, timeoutMs: 3000 });
  }
  const refused = (address: string, kind: string) => ({
    kind: 'unreachable',
    detail: `address not allowed: ${address} (${kind}); see OUTBOUND_ALLOW`,
  });

  it.each([
    ['127.0.0.1', '127.0.0.1', 'loopback'],
    ['127.1', '127.0.0.1', 'loopback'],
    ['127.0.0.1.', '127.0.0.1', 'loopback'],
    ['2130706433', '127.0.0.1', 'loopback'],
    ['0x7f000001', '127.0.0.1', 'loopback'],
    ['0x7f.1', '127.0.0.1', 'loopback'],
    ['0177.0.0.1', '127.0.0.1', 'loopback'],
    ['%31%32%37.0.0.1', '127.0.0.1', 'loopback'],
    ['１２７.0.0.1', '127.0.0.1', 'loopback'],
    ['127。0。0。1', '127.0.0.1', 'loopback'],
    ['0', '0.0.0.0', 'unspecified'],
    ['[::]', '::', 'unspecified'],
    ['[::1]', '::1', 'loopback'],
    ['[0:0:0:0:0:0:0:1]', '::1', 'loopback'],
    ['[::ffff:127.0.0.1]', '::ffff:7f00:1', 'ipv4Mapped'],
    ['[64:ff9b::127.0.0.1]', '64:ff9b::7f00:1', 'rfc6052'],
    ['169.254.169.254', '169.254.169.254', 'linkLocal'],
  ])('not %s, in any notation', async (host, address, kind) => {
    expect(await sender()(`http://${host}:${port}/`)).toMatchObject(refused(address, kind));
    expect(reached).toEqual([]);
  });

  it('not a name that resolves to a forbidden address', async () => {
    const send = sender(async () => ['10.0.0.8']);
    expect(await send(`http://buyer.example:${port}/`)).toMatchObject(refused('10.0.0.8', 'private'));
  });

  it('a name with both kinds of addresses is reached at the allowed ones', async () => {
    const send = sender(async () => ['127.0.0.1', '::1', '127.0.0.2']);
    expect(await send(`http://buyer.example:${port}/`)).toMatchObject({ kind: 'answer', status: 200 });
    expect(reached).toEqual(['connection to outside', 'outside /']);
  });

  it('a name is resolved once per connection, which goes to the checked address', async () => {
    const answers = [['127.0.0.2'], ['127.0.0.1']];
    const send = sender(async () => answers.shift() ?? []);
    const url = `http://rebinding.example:${port}/`;
    expect(await send(url)).toMatchObject({ kind: 'answer' });
    expect(answers).toHaveLength(1);
    expect(await send(url)).toMatchObject(refused('127.0.0.1', 'loopback'));
    expect(reached).toEqual(['connection to outside', 'outside /']);
  });

  it('not a port of another service, and not the exchange itself', async () => {
    const settings = { OUTBOUND_ALLOW: '127.0.0.2', OUTBOUND_HTTP: true };
    const send = sender(async () => ['127.0.0.2'], { ...settings, OUTBOUND_PORTS: '443,8443' });
    expect(await send(`http://buyer.example:${port}/`)).toMatchObject({
      kind: 'unreachable',
      detail: `port not allowed: ${port}; see OUTBOUND_PORTS`,
    });
    const own = sender(async () => ['127.0.0.2'], { ...settings, PUBLIC_URL: 'http://own.example' });
    expect(await own(`http://own.example:${port}/api/leads`)).toMatchObject({
      kind: 'unreachable',
      detail: "the exchange's own address; see PUBLIC_URL",
    });
    const denied = sender(async () => ['127.0.0.2'], { ...settings, OUTBOUND_DENY: '127.0.0.2' });
    expect(await denied(`http://buyer.example:${port}/`)).toMatchObject({
      kind: 'unreachable',
      detail: 'address not allowed: 127.0.0.2; see OUTBOUND_DENY',
    });
    expect(reached).toEqual([]);
  });

  it('a redirect is not followed', async () => {
    const reply = await sender()(`http://127.0.0.2:${port}/redirect`);
    expect(reply).toMatchObject({ kind: 'answer', status: 307 });
    expect(reached).toEqual(['connection to outside', 'outside /redirect']);
  });

  it('http only if the settings allow it', async () => {
    const send = sender(undefined, { OUTBOUND_ALLOW: '127.0.0.2', OUTBOUND_HTTP: false });
    const reply = await send(`http://127.0.0.2:${port}/`);
    expect(reply).toMatchObject({ kind: 'unreachable', detail: 'not https; see OUTBOUND_HTTP' });
    expect(reached).toEqual([]);
    // The server has no TLS. The connection itself shows that https is allowed.
    expect(await send(`https://127.0.0.2:${port}/`)).toMatchObject({ kind: 'unreachable' });
    expect(reached).toEqual(['connection to outside']);
  });

  it.each(['ftp://127.0.0.2/', 'file:///etc/passwd', 'data:text/plain,x', 'nonsense'])(
    '%s is nothing to speak to',
    async (url) => {
      expect(await sender()(url)).toMatchObject({ kind: 'unreachable' });
    },
  );

  it('a host in the settings may have any address and is resolved by the system', async () => {
    const send = sender(undefined, { OUTBOUND_ALLOW: 'localhost', OUTBOUND_HTTP: true });
    expect(await send(`http://localhost:${port}/`)).toMatchObject({ kind: 'answer', status: 200 });
    expect(reached).toEqual(['connection to inside', 'inside /']);
  });

  it('a name that does not resolve is unreachable', async () => {
    const send = sender(async () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })));
    expect(await send('http://nowhere.example/')).toMatchObject({
      kind: 'unreachable',
      detail: 'ENOTFOUND',
    });
    const empty = sender(async () => []);
    expect(await empty('http://nowhere.example/')).toMatchObject({ kind: 'unreachable' });
  });

  it('a buyer at a forbidden address does not bid, and ops see the reason', async () => {
    const { send, close } = openSender({ OUTBOUND_ALLOW: '', OUTBOUND_HTTP: true });
    const buyer = { url: `http://127.0.0.1:${port}/`, timeoutMs: 500, secret: SECRET };
    const ping = {
      pingId: 'p',
      category: 'Solar',
      round: 1,
      floor: 500,
      currency: 'USD',
      test: false,
      fields: {},
    };
    const { noBid } = { noBid: undefined, ...(await sendPing(send, buyer, ping, namesNobody)) };
    await close();
    expect(noBid).toEqual({
      reason: 'unreachable',
      detail: 'address not allowed: 127.0.0.1 (loopback); see OUTBOUND_ALLOW',
    });
    expect(reached).toEqual([]);
  });
});
