import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openOutlets } from '../../src/buyers/outlets/outlets.js';
import { openSender } from '../../src/buyers/send.js';
import { NO_CONTRACT, sampleFields } from '../../src/buyers/testBuyer.js';
import { tryContract } from '../../src/buyers/tryContract.js';
import type { Contract } from '../../src/market/model/market.js';
import type { RequestTerms } from '../../src/market/model/protocol.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';

const LOCAL = { OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_HTTP: true };

describe('A try of a contract', () => {
  const { send, close } = openSender(LOCAL);
  const outlets = openOutlets(LOCAL, { send });
  let server: FakeBuyer;
  beforeAll(async () => {
    server = await startBuyer({
      ping: { body: { bid: 20 } },
      post: { body: { accepted: false, reason: 'duplicate' } },
    });
  });
  afterAll(() => Promise.all([server.close(), close()]));

  const contract: Contract = {
    ...{ id: 'ACME1234/solar/harbor', campaign: 'ACME1234/solar', buyer: 'harbor' },
    ...{ tier: 1, weight: 1, active: true, timezone: 'UTC' },
  };
  const SECRET = `it's "a" <key> & more`;
  const tried = (terms: Partial<Contract>, { sends }: { sends: boolean }) => {
    const at = { url: server.url, timeoutMs: 1000 };
    const buyer = { id: 'harbor', ping: at, post: at, secret: server.secret, secrets: () => SECRET };
    const under = { campaign: NO_CONTRACT.campaign, contract: { ...contract, ...terms } };
    return tryContract({ send, outlets }, { buyer, terms: under, fields: sampleFields(under) }, { sends });
  };

  test('shows ping and post as they would be sent, and sends nothing', async () => {
    server.received.length = 0;
    const [ping, post] = await tried({}, { sends: false });
    expect(ping).toMatchObject({ step: 'ping', to: server.url, came: undefined, means: undefined });
    expect(ping?.sent).toMatch(/^POST http:\/\/127\.0\.0\.1:\d+\/\n/);
    expect(ping?.sent).toMatch(/^webhook-signature: v1,/m);
    expect(ping?.sent).toContain('"type":"ping"');
    expect(post?.sent).toContain('"lead":{"firstName":"Test"');
    expect(server.received).toEqual([]);
  });

  test('shows both sides when it sends, marked as a test, the post at the bid', async () => {
    server.received.length = 0;
    const [ping, post] = await tried({}, { sends: true });
    expect(ping?.came).toMatch(/^HTTP 200 after \d+ ms\n\n\{"bid":20\}$/);
    expect(ping?.means).toBe('a bid of $20.00');
    expect(post?.means).toBe('refused: duplicate');
    expect(server.received.map(({ body, signed }) => [body.type, body.test, signed])).toEqual([
      ['ping', true, true],
      ['post', true, true],
    ]);
    expect(server.of('post')[0]?.body).toMatchObject({ price: 20 });
  });

  test.each<RequestTerms>([
    { json: { key: '{{ secret.KEY }}', in: 'key={{ secret.KEY }}' } },
    { form: { key: '{{ secret.KEY }}' } },
    { query: { key: '{{ secret.KEY }}' } },
    { xml: { a: { '@key': '{{ secret.KEY }}', in: { '#cdata': '{{ secret.KEY }}' } } } },
    { headers: { 'X-Key': '{{ secret.KEY }}' } },
    { text: '{{ secret.KEY | url }} {{ secret.KEY | xml }} {{ secret.KEY | json }} {{ secret.KEY | raw }}' },
  ])('shows no secret, however %j writes it', async (request) => {
    const answer = { acceptedWhen: { at: 'accepted', is: true } };
    const [post] = await tried({ price: 1500, protocol: { post: { request, answer } } }, { sends: false });
    expect(post?.sent).toContain('{{ secret.KEY }}');
    expect(post?.sent).not.toMatch(/it.{0,6}s|more/);
  });

  test('shows no secret that the buyer repeats', async () => {
    server.answer('post', { body: { accepted: false, reason: `unknown key ${SECRET}` } });
    const [post] = await tried(
      {
        price: 1500,
        protocol: {
          post: {
            request: { json: { type: 'post', key: '{{ secret.KEY }}' } },
            answer: { acceptedWhen: { at: 'accepted', is: true } },
          },
        },
      },
      { sends: true },
    );
    expect(post?.came).toContain('unknown key {{ secret.KEY }}');
    expect(post?.came).not.toContain('more');
  });

  test('sends no ping under a fixed price', async () => {
    const steps = await tried({ price: 1500 }, { sends: true });
    expect(steps.map(({ step }) => step)).toEqual(['post']);
    expect(steps[0]?.sent).toContain('"price":15');
  });

  test('shows the message of an outlet', async () => {
    const outlet = { email: { to: ['leads@harbor.example'] }, timeoutMs: 1000 };
    const [post] = await tried({ price: 1500, outlet }, { sends: true });
    expect(post?.sent).toMatch(/^To: leads@harbor\.example\nSubject: \[test\] New lead: Auto Insurance/);
    expect(post?.means).toBe('uncertain: no SMTP server; see SMTP_URL and SMTP_FROM');
  });
});
