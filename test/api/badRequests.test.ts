import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { openApiWorld, type ApiWorld } from './world.js';

/** One text or a list of texts; `{ x: 100 }` is x a hundred times. */
type Text = string | (string | Record<string, number>)[];

/** One row of badRequests.yaml, which explains the keys. */
interface BadRequest {
  name: string;
  method?: Text;
  path?: Text;
  headers?: Text[];
  json?: Text;
  form?: Text;
  multipart?: Text;
  body?: Text;
  raw?: Text;
  encoding?: 'utf8' | 'utf16le' | 'latin1';
  hangsUp?: boolean;
  answer: string;
  fields?: string[];
}

const sections = parse(readFileSync(new URL('badRequests.yaml', import.meta.url), 'utf8')) as Record<
  string,
  BadRequest[]
>;

/** A person whose name, phone and e-mail occur nowhere else. */
const LEAD = {
  seller: 'ACME1234',
  category: 'Auto Insurance',
  firstName: 'Zebulon',
  lastName: 'Quixley',
  phone: '212-555-0187',
  email: 'zebulon.quixley@mail.example',
  state: 'TX',
  zip: '75001',
};
const PERSONAL = /zebulon|quixley|2125550187|212-555-0187|mail\.example/i;

/** Time limit for an answer on a busy machine, ms. */
const PATIENCE_MS = 5000;

describe.each(Object.entries(sections))('%s', (_section, requests) => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld();
  });
  afterAll(() => world.close());

  it.each(requests)('$name: $answer', async (request) => {
    const answer = await exchange(world.api.address, bytesOf(request, world.key), request.hangsUp);
    expect(said(answer)).toBe(request.answer);
    expect(answer.statuses.filter((code) => code >= 500)).toEqual([]);
    if (request.fields !== undefined) {
      const { fields } = answer.body as { fields?: { field: string }[] };
      expect(fields?.map(({ field }) => field).sort()).toEqual(request.fields.toSorted());
    }
    expect(answer.text).not.toMatch(PERSONAL);
    expect(answer.text).not.toContain(world.key);
    expect(world.logged.join('')).not.toMatch(PERSONAL);
  });
});

it('there are many bad requests, each with its own name', () => {
  const names = Object.entries(sections).flatMap(([section, rows]) =>
    rows.map(({ name }) => `${section} ${name}`),
  );
  expect(names.length).toBeGreaterThan(120);
  expect(new Set(names).size).toBe(names.length);
});

function bytesOf(request: BadRequest, key: string): Buffer {
  const text = (value: Text): string => filled([value].flat().map(repeated).join(''), key);
  const encoding = request.encoding ?? 'utf8';
  if (request.raw !== undefined) return Buffer.from(text(request.raw), encoding);
  const [type, content] = bodyOf(request);
  const body = Buffer.from(text(content), encoding);
  const headers = (request.headers ?? []).map(text);
  const given = new Set(headers.map(nameOf));
  const ours = [
    'Host: gavel',
    `Authorization: Bearer ${key}`,
    'Prefer: respond-async',
    'Connection: close',
    ...(type === undefined ? [] : [`Content-Type: ${type}`]),
    ...(body.length === 0 || given.has('transfer-encoding') ? [] : [`Content-Length: ${body.length}`]),
  ].filter((header) => !given.has(nameOf(header)));
  const lines = [
    `${text(request.method ?? 'POST')} ${text(request.path ?? '/api/leads')} HTTP/1.1`,
    ...ours,
    ...headers.filter((header) => header.includes(':')),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]);
}

const repeated = (part: string | Record<string, number>): string =>
  typeof part === 'string'
    ? part
    : Object.entries(part)
        .map(([text, times]) => text.repeat(times))
        .join('');

const nameOf = (header: string): string => header.split(':', 1).join('').toLowerCase();

function bodyOf({ json, form, multipart, body }: BadRequest): [type: string | undefined, content: Text] {
  if (json !== undefined) return ['application/json', json];
  if (form !== undefined) return ['application/x-www-form-urlencoded', form];
  if (multipart !== undefined) return ['multipart/form-data; boundary=b', multipart];
  return [undefined, body ?? ''];
}

/** Inserts the lead, whole or without one field, and the key. */
function filled(text: string, key: string): string {
  const without = (name = ''): [string, string][] =>
    Object.entries(LEAD).filter(([field]) => field !== name.slice(1));
  const part = ([name, value]: [string, string]): string =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  return text
    .replace(/\$LEAD(-\w+)?/g, (_all, but?: string) =>
      JSON.stringify(Object.fromEntries(without(but))).slice(1, -1),
    )
    .replace(/\$FORM(-\w+)?/g, (_all, but?: string) => new URLSearchParams(without(but)).toString())
    .replace(/\$PARTS/g, () => `${without().map(part).join('')}--b--\r\n`)
    .replace(/\$KEY/g, () => key);
}

interface Answer {
  /** Status of each answer: trailing bytes may be read as another request. */
  statuses: number[];
  /** Body of the first answer. */
  body: Record<string, unknown>;
  text: string;
}

/** The HTTP status with the error's text, or with the status of an accepted lead. */
function said({ statuses, body: { error, status } }: Answer): string {
  const [text] = [error, status].filter((value) => typeof value === 'string');
  return text === undefined ? 'none' : `${statuses[0]} ${text}`;
}

/** Sends bytes and reads until the server closes the connection. */
function exchange(address: string, bytes: Buffer, hangsUp = false): Promise<Answer> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => (hangsUp ? socket.end(bytes) : socket.write(bytes)));
    let text = '';
    const late = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end after ${PATIENCE_MS} ms: ${text.slice(0, 200)}`));
    }, PATIENCE_MS);
    socket.on('data', (chunk) => (text += chunk.toString()));
    // The server may close the connection before it has read everything.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(late);
      resolve(read(text));
    });
  });
}

function read(text: string): Answer {
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code));
  const start = text.indexOf('\r\n\r\n') + 4;
  const length = Number(/content-length: (\d+)/i.exec(text.slice(0, start))?.[1] ?? 0);
  const body = Buffer.from(text.slice(start)).subarray(0, length).toString();
  return { statuses, body: body === '' ? {} : (JSON.parse(body) as Record<string, unknown>), text };
}
