import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_BATCH_BYTES, MAX_BATCH_LEADS } from '../../src/api/leads/batch.js';
import { openApiWorld, request, SAMPLE, sendLead, type ApiWorld } from './world.js';

interface Result {
  line: number;
  code: number;
  replayed?: true;
  retry_after?: number;
  answer: Record<string, unknown>;
}

type Line = string | Buffer | object;

const bytesOf = (lines: Line[]): Buffer =>
  Buffer.concat(
    lines.flatMap((line) => [
      Buffer.isBuffer(line) ? line : Buffer.from(typeof line === 'string' ? line : JSON.stringify(line)),
      Buffer.from('\n'),
    ]),
  );

interface Sent {
  headers?: Record<string, string>;
  path?: string;
  signal?: AbortSignal;
}

/** Begins a batch; by default its leads do not wait for buyers. */
const begin = (
  { api, key }: Pick<ApiWorld, 'api' | 'key'>,
  lines: Line[],
  { headers, path = '/api/leads/batch', signal }: Sent = {},
): Promise<Response> =>
  fetch(api.address + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/x-ndjson',
      prefer: 'respond-async',
      ...headers,
    },
    body: bytesOf(lines),
    signal,
  });

/** The results in the order of the lines. */
async function sendBatch(
  world: Pick<ApiWorld, 'api' | 'key'>,
  lines: Line[],
  sent?: Sent,
): Promise<Result[]> {
  const response = await begin(world, lines, sent);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
  return resultsIn(await response.text());
}

const resultsIn = (text: string): Result[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Result)
    .sort((a, b) => a.line - b.line);

const refused = async (response: Response): Promise<unknown[]> => {
  const { error, message } = (await response.json()) as Record<string, unknown>;
  return [response.status, error, message];
};

describe('a batch', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld();
  });
  afterAll(() => world.close());

  const stored = (): Promise<number> => world.database.leads.countDocuments();

  it('is answered line by line: a bad line has its error, and does not stop the others', async () => {
    const before = await stored();
    const results = await sendBatch(world, [
      SAMPLE,
      '{"seller": "ACME1234",',
      '',
      { ...SAMPLE, lastName: '' },
      Buffer.from(JSON.stringify({ ...SAMPLE, city: 'Orl\u00e9ans' }), 'latin1'),
      '[1]',
      { ...SAMPLE, seller: 'GLOBEX00' },
      { ...SAMPLE, note: 'x'.repeat(70_000) },
      `${JSON.stringify({ ...SAMPLE, city: 'Orl\u00e9ans' })}\r`,
    ]);
    expect(results.map(({ line, code, answer }) => [line, code, answer.status ?? answer.error])).toEqual([
      [1, 200, 'pending'],
      [2, 400, 'Invalid request'],
      [4, 400, 'Missing required field'],
      [5, 400, 'Invalid request'],
      [6, 400, 'Invalid request'],
      [7, 401, 'Invalid API Key'],
      [8, 413, 'Request too large'],
      [9, 200, 'pending'],
    ]);
    expect((await stored()) - before).toBe(2);
  });

  it.each([
    ['an accepted lead', { ...SAMPLE, zip: '7500' }],
    ['a missing field', { ...SAMPLE, phone: ' ' }],
    ['an unknown category', { ...SAMPLE, category: 'Yachts' }],
    ['an unreadable field', { ...SAMPLE, category: 'Solar', state: 'Texass' }],
    ['another seller', { ...SAMPLE, seller: 'GLOBEX00' }],
    ['a list in a field with one value', { ...SAMPLE, phone: ['555-123-4567', '555-123-4568'] }],
  ])('answers a line as a request with this lead alone: %s', async (_name, lead) => {
    const alone = await sendLead(world, lead);
    const [result] = await sendBatch(world, [lead]);
    const own = { lead_id: undefined, request_id: undefined };
    expect(result?.code).toBe(alone.status);
    expect({ ...result?.answer, ...own }).toEqual({ ...alone.body, ...own });
  });

  it('takes fields of all lines from the query; those of a line win', async () => {
    const { category: _category, seller: _seller, ...person } = SAMPLE;
    const path = '/api/leads/batch?seller=ACME1234&category=Solar';
    const results = await sendBatch(world, [person, { ...person, category: 'Roofing' }], { path });
    expect(results.map(({ code, answer }) => answer.error ?? code)).toEqual([200, 'No matching campaign']);
  });

  it('sent again with its Idempotency-Key makes no second lead', async () => {
    const lines = [SAMPLE, '', { ...SAMPLE, lastName: '' }, { ...SAMPLE, city: 'Austin' }];
    const headers = { 'idempotency-key': 'import of monday' };
    const first = await sendBatch(world, lines, { headers });
    const before = await stored();
    const again = await sendBatch(world, lines, { headers });
    expect(again.map(({ code, replayed }) => [code, replayed])).toEqual([
      [200, true],
      [400, undefined],
      [200, true],
    ]);
    expect(again.map(({ answer }) => answer.lead_id)).toEqual(first.map(({ answer }) => answer.lead_id));
    expect(await stored()).toBe(before);
    const [other] = await sendBatch(world, [{ ...SAMPLE, city: 'Waco' }], { headers });
    expect([other?.code, other?.answer.error]).toEqual([422, 'Idempotency key reused']);
  });

  it('takes the key of a line before that of the request, the same as the header of a lead alone', async () => {
    const alone = await sendLead(world, SAMPLE, { 'idempotency-key': 'row-17' });
    const line = { ...SAMPLE, idempotency_key: 'row-17' };
    const results = await sendBatch(world, [line, line, { ...SAMPLE, idempotency_key: 18 }], {
      headers: { 'idempotency-key': 'another' },
    });
    expect(results.map(({ code, replayed }) => [code, replayed])).toEqual([
      [200, true],
      [200, true],
      [200, undefined],
    ]);
    expect(results[1]?.answer.lead_id).toBe(alone.body.lead_id);
    const lead = await world.database.leads.findOne({ _id: String(results[2]?.answer.lead_id) });
    expect(Object.keys(lead ?? {})).not.toContain('idempotency_key');
    const bad = await sendBatch(world, [
      { ...SAMPLE, idempotency_key: ['a'] },
      { ...SAMPLE, idempotency_key: 'x'.repeat(256) },
    ]);
    expect(bad.map(({ code, answer }) => [code, answer.message])).toEqual([
      [400, 'idempotency_key must be a text. Correct it.'],
      [400, 'idempotency_key must have 1 to 255 characters.'],
    ]);
  });

  it('counts each lead against the rate limit, and tells a line above it when to send it again', async () => {
    const key = await world.keyFor({ limit: 5 });
    const response = await begin({ ...world, key }, [...Array<Line>(7).fill(SAMPLE), '']);
    expect(response.headers.get('x-ratelimit-limit')).toBe('5');
    const results = resultsIn(await response.text());
    const [passed, limited] = [200, 429].map((code) => results.filter((result) => result.code === code));
    expect([passed?.length, limited?.length]).toEqual([5, 2]);
    for (const { answer, retry_after } of limited ?? []) {
      expect(answer.error).toBe('Rate limit exceeded');
      expect(retry_after).toBeGreaterThan(0);
    }
    const next = await begin({ ...world, key }, [SAMPLE]);
    expect([next.status, Number(next.headers.get('retry-after')) > 0]).toEqual([429, true]);
  });

  it.each<[string, Line[], Sent, unknown[]]>([
    [
      'no lead',
      ['', ' \t\r'],
      {},
      [400, 'Invalid request', 'The batch has no lead. Send one JSON object a line.'],
    ],
    [
      'too many leads',
      Array<string>(MAX_BATCH_LEADS + 1).fill('{}'),
      {},
      [413, 'Request too large', 'The batch has over 1000 leads. Nothing was accepted; send it in several.'],
    ],
    [
      'too many bytes',
      ['x'.repeat(MAX_BATCH_BYTES)],
      {},
      [413, 'Request too large', 'The batch is over 8 MiB. Nothing was accepted; send it in several.'],
    ],
    [
      'a compressed body',
      [SAMPLE],
      { headers: { 'content-encoding': 'gzip' } },
      [415, 'Unsupported content type', 'The body is compressed. Send it uncompressed.'],
    ],
    [
      'another content type',
      [SAMPLE],
      { headers: { 'content-type': 'application/json' } },
      [
        415,
        'Unsupported content type',
        'Send one JSON object a line, with the header "Content-Type: application/x-ndjson".',
      ],
    ],
  ])('is refused as a whole with %s, and nothing is stored', async (_name, lines, sent, expected) => {
    const before = await stored();
    expect(await refused(await begin(world, lines, sent))).toEqual(expected);
    expect(await stored()).toBe(before);
  });

  it('is described by the OpenAPI document', async () => {
    const { body } = await request(world, '/docs/openapi.json');
    expect(body).toMatchObject({
      paths: {
        '/api/leads/batch': {
          post: {
            requestBody: { content: { 'application/x-ndjson': {} } },
            responses: {
              200: {
                content: {
                  'application/x-ndjson': { schema: { $ref: '#/components/schemas/BatchResult' } },
                },
              },
            },
          },
        },
      },
      components: { schemas: { BatchResult: { properties: { line: { type: 'integer' } } } } },
    });
  });
});

describe('a batch whose leads wait for buyers', () => {
  let world: ApiWorld;
  // No worker runs: each lead waits for the whole window.
  beforeAll(async () => {
    world = await openApiWorld({ ANSWER_WINDOW_MS: 1000 });
  });
  afterAll(() => world.close());

  const WAITS: Sent = { headers: { prefer: '' } };
  const leads = (count: number): Line[] => Array.from({ length: count }, () => SAMPLE);
  const stored = (): Promise<number> => world.database.leads.countDocuments();

  async function firstResult(response: Response): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    const reader = response.body?.getReader();
    if (reader === undefined) throw new Error('The answer has no body');
    expect((await reader.read()).done).toBe(false);
    return reader;
  }

  it('has a bounded number of them on sale, and is answered as they finish', async () => {
    const before = await stored();
    const response = await begin(world, leads(40), WAITS);
    const reader = await firstResult(response);
    const begun = (await stored()) - before;
    expect(begun).toBeGreaterThanOrEqual(16);
    expect(begun).toBeLessThan(40);
    while (!(await reader.read()).done);
    expect((await stored()) - before).toBe(40);
  });

  it('begins no further lead once its client has gone away', async () => {
    const before = await stored();
    const left = new AbortController();
    const response = await begin(world, leads(64), { ...WAITS, signal: left.signal });
    await firstResult(response);
    left.abort();
    // These take as long as the leads on sale, one after the other.
    await sendLead(world, SAMPLE, { prefer: '' });
    const begun = await stored();
    await sendLead(world, SAMPLE, { prefer: '' });
    expect(await stored()).toBe(begun + 1);
    expect(begun - before).toBeLessThan(64);
  });

  it('is one of two at a time for its key', async () => {
    const key = await world.keyFor();
    const three = await Promise.all([1, 2, 3].map(() => begin({ ...world, key }, leads(17), WAITS)));
    expect(three.map(({ status }) => status).sort()).toEqual([200, 200, 429]);
    const limited = three.find(({ status }) => status === 429);
    expect(await refused(limited ?? Response.error())).toEqual([
      429,
      'Rate limit exceeded',
      'This key has 2 batches in progress. Send the next when one of them is answered.',
    ]);
    await Promise.all(three.filter(({ status }) => status === 200).map((response) => response.text()));
    expect((await begin({ ...world, key }, leads(1))).status).toBe(200);
  });
});

it('when its process stops, the leads on sale are answered and the others are to be sent again', async () => {
  const world = await openApiWorld({ ANSWER_WINDOW_MS: 1000 });
  const response = await begin(world, Array<Line>(64).fill(SAMPLE), { headers: { prefer: '' } });
  const closed = world.api.close();
  const results = resultsIn(await response.text());
  await closed;
  expect(results).toHaveLength(64);
  const late = results.filter(({ code }) => code === 503);
  // Two rounds of 16 may have started before it stops.
  expect(late.length).toBeGreaterThan(0);
  for (const { answer, retry_after } of late)
    expect([answer.error, retry_after]).toEqual(['Service unavailable', 1]);
  expect(await world.database.leads.countDocuments()).toBe(64 - late.length);
  await world.database.client.close();
});
