import aws4 from 'aws4';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openOutlets, type Outlets, type OutletSettings } from '../../../src/buyers/outlets/outlets.js';
import type { OutletPost } from '../../../src/buyers/outlets/row.js';
import { openSender } from '../../../src/buyers/send.js';
import type { Outlet } from '../../../src/market/model/outlet.js';
import { freePort } from '../../support/freePort.js';
import { startPlainServer, type PlainRequest, type PlainServer } from '../../support/plainServer.js';
import { startSftpServer, type SftpServer } from '../../support/sftpServer.js';
import { startMailServer, type MailServer } from '../../support/smtpServer.js';

const secret = `whsec_${Buffer.from('a secret of thirty-two characters').toString('base64')}`;
const LOCAL = { OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_HTTP: true };
const S3_KEYS = 'other:AKIAOTHER:x,northwind:AKIANORTHWIND:secret/key+1';

const POST: OutletPost = {
  postId: 'c1f2a9d0-7a53-4c1e-9f0b-2d8c6e5b4a31',
  leadId: '019a5c7e-5b0c-7d2e-8f31-0a1b2c3d4e5f',
  category: 'Auto Insurance',
  price: 4550,
  currency: 'USD',
  exclusive: true,
  test: false,
  receivedAt: new Date('2026-11-24T14:33:05.120Z'),
  lead: { firstName: 'Zoë', lastName: '<Doe>', phone: '+12145550187', note: '=1+1' },
};
const CANCELLED = { postId: POST.postId, leadId: POST.leadId };

/** Outlets under these settings; closed with the test file. */
const closers: (() => Promise<void>)[] = [];
function outletsWith(settings: Partial<OutletSettings>): Outlets {
  const under = { ...LOCAL, ...settings };
  const { send, close } = openSender(under);
  closers.push(close);
  return openOutlets(under, { send });
}
afterAll(() => Promise.all(closers.map((close) => close())));

describe('A lead by e-mail', () => {
  let server: MailServer;
  let outlets: Outlets;
  const outlet: Outlet = {
    email: { to: ['leads@northwind.example', 'boss@northwind.example'] },
    timeoutMs: 2000,
  };
  beforeAll(async () => {
    server = await startMailServer();
    outlets = outletsWith({
      SMTP_URL: `smtp://127.0.0.1:${server.port}`,
      SMTP_FROM: 'Gavel <leads@exchange.example>',
    });
    return () => server.close();
  });
  beforeEach(() => {
    server.messages.length = 0;
    server.refuses = Object.assign(server.refuses, { recipient: undefined, message: undefined });
  });

  test('has text and HTML, and a subject that names no person', async () => {
    expect(await outlets.deliver(outlet, POST, secret)).toMatchObject({ answer: 'accepted' });
    const [mail] = server.messages;
    expect(mail?.to).toEqual(['leads@northwind.example', 'boss@northwind.example']);
    expect(mail?.raw).toMatch(/^Subject: New lead: Auto Insurance \(c1f2a9d0\)\r$/m);
    expect(mail?.raw).toMatch(/^From: Gavel <leads@exchange\.example>\r$/m);
    expect(mail?.raw).toContain('multipart/alternative');
    expect(mail?.raw).toContain('+12145550187');
    expect(mail?.raw.replaceAll('=\r\n', '')).toContain('&#60;Doe&#62;');
    expect(mail?.raw.split('\r\n\r\n')[0]).not.toMatch(/Zo|Doe|2145550187/);
  });

  test('keeps its Message-ID when it is sent again, so that it can be recognised', async () => {
    await outlets.deliver(outlet, POST, secret);
    await outlets.deliver(outlet, POST, secret);
    const ids = server.messages.map(({ raw }) => /^Message-ID: (.*)\r$/m.exec(raw)?.[1]);
    expect(ids).toEqual(Array(2).fill(`<${POST.postId}@exchange.example>`));
  });

  test('can’t get further headers or recipients from the lead or the market', async () => {
    const category = 'Solar\r\nBcc: thief@evil.example';
    await outlets.deliver(outlet, { ...POST, category, test: true }, secret);
    const head = server.messages[0]?.raw.split('\r\n\r\n')[0] ?? '';
    expect(head).not.toMatch(/^Bcc:/m);
    expect(head).toMatch(/^Subject: \[test\] New lead: Solar/m);
    expect(server.messages[0]?.to).toHaveLength(2);
  });

  test('goes with others in one message, which names no person in its head and escapes what it shows', async () => {
    const other = { ...POST, postId: 'd2e3b0e1-0000-4000-8000-000000000000', lead: { firstName: 'Ann' } };
    const leftOut = [{ postId: 'e3', why: 'its person was erased' }];
    const digest = { id: POST.postId, posts: [POST, other], leftOut };
    const fields = ['firstName', 'lastName'];
    expect(await outlets.sendDigest({ ...outlet, fields }, digest)).toMatchObject({ answer: 'accepted' });
    const [mail] = server.messages;
    expect(mail?.to).toEqual(['leads@northwind.example', 'boss@northwind.example']);
    const [head = '', ...parts] = mail?.raw.split('\r\n\r\n') ?? [];
    expect(head).toMatch(/^Subject: 2 new leads: Auto Insurance \(c1f2a9d0\)\r$/m);
    expect(head).toContain(`Message-ID: <${POST.postId}@exchange.example>`);
    expect(head).not.toMatch(/Zo|Doe|Ann/);
    const body = parts.join('\r\n\r\n').replaceAll('=\r\n', '');
    for (const text of ['lastName: <Doe>', '&#60;Doe&#62;', 'firstName: Ann', 'post e3 was sold to you'])
      expect(body).toContain(text);
    expect(body).not.toContain('2145550187');
  });

  test.each([
    ['an unknown recipient', { recipient: 550 }, { answer: 'refused', detail: 'SMTP 550' }],
    ['a refused message', { message: 554 }, { answer: 'refused', detail: 'SMTP 554' }],
    ['a full mailbox for now', { recipient: 452 }, { answer: 'uncertain', detail: 'SMTP 452' }],
    ['a server that is busy', { message: 451 }, { answer: 'uncertain', detail: 'SMTP 451' }],
  ])('takes %s as the server says, without its words', async (_what, refuses, result) => {
    Object.assign(server.refuses, refuses);
    expect(await outlets.deliver(outlet, POST, secret)).toMatchObject(result);
  });

  test('is unclear without a server, and names the setting without one', async () => {
    const port = await freePort();
    const away = outletsWith({ SMTP_URL: `smtp://127.0.0.1:${port}`, SMTP_FROM: 'a@b.example' });
    expect(await away.deliver(outlet, POST, secret)).toMatchObject({
      answer: 'uncertain',
      detail: 'SMTP: ESOCKET',
    });
    expect(await outletsWith({}).deliver(outlet, POST, secret)).toMatchObject({
      answer: 'uncertain',
      detail: 'no SMTP server; see SMTP_URL and SMTP_FROM',
    });
  });

  test('is not sent over a connection that should be TLS and is not', async () => {
    const plain = outletsWith({ SMTP_URL: `smtps://127.0.0.1:${server.port}`, SMTP_FROM: 'a@b.example' });
    expect(await plain.deliver(outlet, POST, secret)).toMatchObject({ answer: 'uncertain' });
    expect(server.messages).toEqual([]);
  });

  test('is called off by another message', async () => {
    expect(await outlets.cancel(outlet, CANCELLED, secret)).toMatchObject({ delivered: true });
    expect(server.messages[0]?.raw).toMatch(/^Subject: Cancelled: c1f2a9d0\r$/m);
    expect(server.messages[0]?.raw).toContain(`<${POST.postId}.cancelled@exchange.example>`);
  });
});

describe('A lead by SFTP', () => {
  let server: SftpServer;
  let outlets: Outlets;
  let outlet: Outlet;
  beforeAll(async () => {
    server = await startSftpServer();
    outlets = outletsWith({ SFTP_KEY: server.clientKey });
    return () => server.close();
  });
  beforeEach(() => {
    server.files.clear();
    server.did.length = 0;
    const { port, hostKey } = server;
    outlet = { sftp: { host: '127.0.0.1', port, user: 'gavel', hostKey, directory: '/in' }, timeoutMs: 5000 };
  });
  const sftp = (changes: Partial<NonNullable<Outlet['sftp']>>): Outlet =>
    ({ ...outlet, sftp: { ...outlet.sftp, ...changes } }) as Outlet;

  test('is a CSV file that appears under its name only when it is complete', async () => {
    expect(await outlets.deliver(outlet, POST, secret)).toMatchObject({ answer: 'accepted' });
    const path = `/in/${POST.postId}.csv`;
    expect([...server.files.keys()]).toEqual([path]);
    expect(server.did).toEqual([`rename /in/.${POST.postId}.csv.part ${path}`]);
    expect(server.files.get(path)).toContain(`,Zoë,<Doe>,+12145550187,'=1+1\r\n`);
  });

  test('is written once, however often it is sent', async () => {
    await outlets.deliver(outlet, POST, secret);
    server.files.set(`/in/${POST.postId}.csv`, 'read by the buyer already');
    expect(await outlets.deliver(outlet, POST, secret)).toMatchObject({ answer: 'accepted' });
    expect(server.did).toHaveLength(1);
  });

  test('goes to no other server than the one whose key is pinned', async () => {
    const hostKey = `SHA256:${'A'.repeat(43)}`;
    expect(await outlets.deliver(sftp({ hostKey }), POST, secret)).toMatchObject({
      answer: 'uncertain',
      detail: 'SFTP: the host key is not the pinned one',
    });
    expect(server.files.size).toBe(0);
  });

  test('is unclear if the user or the key is refused, or nobody listens', async () => {
    expect(await outlets.deliver(sftp({ user: 'nobody' }), POST, secret)).toMatchObject({
      answer: 'uncertain',
      detail: 'SFTP: the key or the user was refused',
    });
    expect(await outlets.deliver(sftp({ port: await freePort() }), POST, secret)).toMatchObject({
      answer: 'uncertain',
      detail: 'SFTP: ECONNREFUSED',
    });
    expect(await outletsWith({}).deliver(outlet, POST, secret)).toMatchObject({
      detail: 'SFTP: no private key; see SFTP_KEY',
    });
  });

  test('does not reach private addresses', async () => {
    const closed = outletsWith({ OUTBOUND_ALLOW: '', SFTP_KEY: server.clientKey });
    expect(await closed.deliver(outlet, POST, secret)).toMatchObject({
      answer: 'uncertain',
      detail: 'address not allowed: 127.0.0.1 (loopback); see OUTBOUND_ALLOW',
    });
  });

  test('is removed when the post is called off, also twice', async () => {
    await outlets.deliver(outlet, POST, secret);
    for (let i = 0; i < 2; i += 1)
      expect(await outlets.cancel(outlet, CANCELLED, secret)).toMatchObject({ delivered: true });
    expect(server.files.size).toBe(0);
  });
});

describe('A lead to S3-compatible storage', () => {
  let server: PlainServer;
  let outlets: Outlets;
  let outlet: Outlet;
  beforeAll(async () => {
    server = await startPlainServer();
    outlets = outletsWith({ S3_KEYS });
    outlet = {
      s3: { url: server.url, bucket: 'leads', region: 'eu-west-1', key: 'northwind', prefix: 'in box/a+b/' },
      timeoutMs: 2000,
    };
    return () => server.close();
  });
  beforeEach(() => {
    server.received.length = 0;
    server.answer = (request) => ({ status: isSigned(request) ? 200 : 403 });
  });

  /** Whether the signature is the one that another implementation makes for the same request. */
  function isSigned({ method, path, headers, body }: PlainRequest): boolean {
    const { signed, at } = { signed: headers.authorization, at: headers['x-amz-date'] };
    const request: aws4.Request & { extraHeadersToIgnore: Record<string, boolean> } = {
      host: headers.host,
      method,
      path,
      body,
      service: 's3',
      region: 'eu-west-1',
      extraHeadersToIgnore: { 'content-type': true, 'content-length': true },
      headers: {
        'X-Amz-Date': at ?? '',
        'X-Amz-Content-Sha256': headers['x-amz-content-sha256'] ?? '',
      },
    };
    const again = aws4.sign(request, { accessKeyId: 'AKIANORTHWIND', secretAccessKey: 'secret/key+1' });
    return again.headers?.Authorization === signed;
  }

  test('is a CSV object named by its post, with a signature that the storage can check', async () => {
    expect(await outlets.deliver(outlet, POST, secret)).toMatchObject({ answer: 'accepted' });
    const [{ method, path, body, headers } = { method: '', path: '', body: '', headers: {} }] =
      server.received;
    expect([method, path]).toEqual(['PUT', `/leads/in%20box/a%2Bb/${POST.postId}.csv`]);
    expect(body).toContain('Zoë');
    expect(headers).toMatchObject({ 'content-type': 'text/csv; charset=utf-8' });
  });

  test.each([403, 404, 500, 503])('is unclear after HTTP %i, and sent again', async (status) => {
    server.answer = () => ({ status });
    expect(await outlets.deliver(outlet, POST, secret)).toMatchObject({
      answer: 'uncertain',
      detail: `HTTP ${status}`,
    });
  });

  test('names a key that is not in the settings', async () => {
    expect(await outletsWith({}).deliver(outlet, POST, secret)).toMatchObject({
      answer: 'uncertain',
      detail: 'no key "northwind"; see S3_KEYS',
    });
  });

  test('is deleted when the post is called off', async () => {
    expect(await outlets.cancel(outlet, CANCELLED, secret)).toMatchObject({ delivered: true });
    expect(server.received[0]?.method).toBe('DELETE');
  });

  test('does not reach private addresses', async () => {
    const closed = outletsWith({ OUTBOUND_ALLOW: '', S3_KEYS });
    expect(await closed.deliver(outlet, POST, secret)).toMatchObject({
      answer: 'uncertain',
      detail: 'address not allowed: 127.0.0.1 (loopback); see OUTBOUND_ALLOW',
    });
  });
});

describe('A lead to a webhook', () => {
  let server: PlainServer;
  let outlets: Outlets;
  beforeAll(async () => {
    server = await startPlainServer();
    outlets = outletsWith({});
    return () => server.close();
  });
  beforeEach(() => {
    server.received.length = 0;
    server.answer = () => ({ status: 200, body: 'ok' });
  });

  test('is a flat row in JSON, signed as all messages to the buyer are', async () => {
    const outlet: Outlet = {
      webhook: { url: `${server.url}/row` },
      fields: ['phone', 'firstName'],
      timeoutMs: 2000,
    };
    expect(await outlets.deliver(outlet, POST, secret)).toMatchObject({ answer: 'accepted' });
    const [request] = server.received;
    expect(new Webhook(secret).verify(request?.body ?? '', request?.headers ?? {})).toEqual({
      post_id: POST.postId,
      lead_id: POST.leadId,
      received_at: '2026-11-24T14:33:05.120Z',
      category: 'Auto Insurance',
      price: 45.5,
      currency: 'USD',
      test: false,
      phone: '+12145550187',
      firstName: 'Zoë',
    });
    expect(request?.headers['webhook-id']).toBe(POST.postId);
  });

  test.each([
    [302, 'HTTP 302; redirects are not followed'],
    [404, 'HTTP 404'],
    [503, 'HTTP 503'],
  ])('is unclear after HTTP %i', async (status, detail) => {
    server.answer = () => ({
      status,
      headers: { location: 'https://script.googleusercontent.com/x', 'retry-after': '7' },
    });
    const outlet: Outlet = { webhook: { url: server.url }, timeoutMs: 2000 };
    expect(await outlets.deliver(outlet, POST, secret)).toMatchObject({
      answer: 'uncertain',
      detail,
      retryAfterMs: 7000,
    });
  });

  test('was taken by a Google Apps Script that answers with its redirect', async () => {
    const send = async () => ({
      ...{ ms: 5, kind: 'answer' as const, status: 302, body: undefined, malformed: true },
      headers: { location: 'https://script.googleusercontent.com/macros/echo?user_content_key=x' },
    });
    const google = openOutlets(LOCAL, { send });
    const outlet: Outlet = {
      webhook: { url: 'https://script.google.com/macros/s/abc/exec' },
      timeoutMs: 2000,
    };
    expect(await google.deliver(outlet, POST, secret)).toMatchObject({ answer: 'accepted' });
  });

  test('in Slack mentions nobody, whatever the lead says', async () => {
    const outlet: Outlet = { slack: { url: `${server.url}/services/T/B/x` }, timeoutMs: 2000 };
    const lead = { firstName: '<!channel>', note: 'a & b' };
    expect(await outlets.deliver(outlet, { ...POST, lead, test: true }, secret)).toMatchObject({
      answer: 'accepted',
    });
    const { text } = JSON.parse(server.received[0]?.body ?? '') as { text: string };
    expect(text).toMatch(/^\[test\] New lead: Auto Insurance\n/);
    expect(text).toContain('*firstName:* &lt;!channel&gt;\n*note:* a &amp; b');
  });

  test('is called off by a row or a message about its post', async () => {
    const webhook: Outlet = { webhook: { url: server.url }, timeoutMs: 2000 };
    const slack: Outlet = { slack: { url: server.url }, timeoutMs: 2000 };
    for (const outlet of [webhook, slack])
      expect(await outlets.cancel(outlet, CANCELLED, secret)).toMatchObject({ delivered: true });
    expect(server.received.map(({ body }) => body)).toEqual([
      `{"post_id":"${POST.postId}","lead_id":"${POST.leadId}","cancelled":true}`,
      expect.stringContaining('was not sold to you') as string,
    ]);
  });
});
