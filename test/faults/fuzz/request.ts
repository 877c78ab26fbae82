import { bodyFor, LEAD, WHOLE_BODIES, type Body } from './bodies.js';
import { diceOf, type Dice } from './dice.js';
import type { Sent } from './exchange.js';
import { textFor, type Route, type Target } from './routes.js';
import { mutate, nastyText } from './values.js';

/** Inputs of the requests besides random choices. */
export interface Known {
  routes: readonly Route[];
  /** A market file. */
  market: string;
  keys: { seller: string; buyer: string; admin: string };
  leadIds: readonly string[];
}

export interface FuzzRequest extends Sent {
  target: Target;
  /** Its route; undefined if its first line was mutated. */
  route?: Route;
}

/** Bodies truncated at every byte come first; later requests are random. */
const CUTS: readonly Body[] = WHOLE_BODIES.flatMap(({ type, bytes }) =>
  Array.from({ length: bytes.length }, (_, length): Body => ({ type, bytes: bytes.subarray(0, length) })),
);

/** Number of requests before the random ones. */
export const CUT_REQUESTS = CUTS.length;

/** The request with this number, reproducible by seed except for keys and ids. */
export function requestOf(known: Known, seed: number, number: number): FuzzRequest {
  const cut = CUTS[number];
  if (cut) return cutRequest(known, cut, number);
  return number % 500 === 0 ? restoringRequest(known) : chanceRequest(known, diceOf(seed, number));
}

/** Restores the market, because a mutated market file may be valid and sell no lead. */
function restoringRequest({ routes, market, keys }: Known): FuzzRequest {
  const route = routes.find(({ method, path }) => method === 'PUT' && path === '/admin/market');
  const body = Buffer.from(market);
  const head = headOf('PUT', '/admin/market?replace=true&prune=true&yes=true', [
    ['Host', 'gavel'],
    ['Connection', 'close'],
    ['Authorization', `Bearer ${keys.admin}`],
    ['Content-Type', 'application/yaml'],
    ['Content-Length', String(body.length)],
  ]);
  return { target: 'admin', route, pieces: [Buffer.concat([head, body])], ending: 'waits' };
}

/** Content-Length is the actual length, or the length before truncation. */
function cutRequest(known: Known, { type = '', bytes }: Body, number: number): FuzzRequest {
  const route = known.routes.find(({ method, path }) => method === 'POST' && path === '/api/leads');
  const announced = bytes.length + (number % 4 === 0 ? 10 : 0);
  const head = headOf('POST', '/api/leads', [
    ['Host', 'gavel'],
    ['Connection', 'close'],
    ['Prefer', 'respond-async'],
    ['Authorization', `Bearer ${known.keys.seller}`],
    ['Content-Type', type],
    ['Content-Length', String(announced)],
  ]);
  const ending = announced === bytes.length ? 'waits' : 'half-closes';
  return { target: 'api', route, pieces: [Buffer.concat([head, bytes])], ending };
}

type Headers = [name: string, value: string][];

/** A header has one byte per character. */
const headOf = (method: string, path: string, headers: Headers): Buffer =>
  Buffer.from(
    `${method} ${path} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    'latin1',
  );

const hasBody = ({ types }: Route): boolean => types.length > 0;

function chanceRequest(known: Known, dice: Dice): FuzzRequest {
  const route = dice.oneOf(dice.chance(0.5) ? known.routes : known.routes.filter(hasBody));
  const { target } = route;
  const isRouteKept = dice.chance(0.85);
  const method = isRouteKept ? route.method : dice.oneOf(METHODS);
  const path = isRouteKept ? pathOf(known, route, dice) : changedPath(pathOf(known, route, dice), dice);
  const whole = bodyFor(route, known.market, dice);
  const body = whole && dice.chance(0.25) ? { ...whole, bytes: mutate(whole.bytes, dice) } : whole;
  const { headers, bytes, isHonest } = framed(body, dice);
  const head = headOf(method, path + queryOf(route, dice), [...headersOf(known, route, dice), ...headers]);
  const isHeadKept = dice.chance(0.9);
  const request = Buffer.concat([isHeadKept ? head : mutate(head, dice), bytes]);
  const isAlone = dice.chance(0.95);
  const all = isAlone ? request : Buffer.concat([request, PIPELINED]);
  const isWhole = isRouteKept && isHeadKept && isHonest && isAlone;
  return {
    target,
    route: isRouteKept && isHeadKept ? route : undefined,
    pieces: inPieces(all, dice),
    ending: dice.chance(0.1) ? 'hangs up' : isWhole ? 'waits' : 'half-closes',
  };
}

const METHODS = [
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'CONNECT',
  'get',
  'G\0T',
];

const PIPELINED = Buffer.from('GET /health HTTP/1.1\r\nHost: gavel\r\n\r\nGET /x');

function pathOf(known: Known, route: Route, dice: Dice): string {
  return route.path.replace(/\{(\w+)\}/g, (_all, name: string) => {
    if (name === 'lead_id' && dice.chance(0.7)) return dice.oneOf(known.leadIds);
    const parameter = route.parameters.find((one) => one.in === 'path' && one.name === name);
    return encodeURIComponent(safe(parameter ? textFor(route, parameter, dice) : nastyText(dice))) || 'x';
  });
}

/** A lone surrogate can't be encoded in a URL. */
const safe = (text: string): string => text.replaceAll(/\p{Cs}/gu, '\ufffd');

function changedPath(path: string, dice: Dice): string {
  switch (dice.below(8)) {
    case 0:
      return `${path}/`;
    case 1:
      return path.replaceAll('/', '//');
    case 2:
      return `/x/..${path}`;
    case 3:
      return `http://gavel${path}`;
    case 4:
      return `${path}%${dice.oneOf(['', '0', 'zz', '00', 'ff', 'e2%82'])}`;
    case 5:
      return path.toUpperCase();
    case 6:
      return dice.oneOf(['*', '', '?', '//', '/%2e%2e/', `/${'a'.repeat(70_000)}`]);
    default:
      return mutate(Buffer.from(path), dice).toString('latin1');
  }
}

function queryOf(route: Route, dice: Dice): string {
  const pairs: [string, string][] = route.parameters
    .filter((parameter) => parameter.in === 'query' && dice.chance(0.6))
    .map((parameter) => [parameter.name, safe(textFor(route, parameter, dice))]);
  if (route.path === '/api/leads' && dice.chance(0.3)) pairs.push(...Object.entries(LEAD));
  if (dice.chance(0.1)) pairs.push([safe(nastyText(dice)), safe(nastyText(dice))]);
  if (pairs.length > 0 && dice.chance(0.1)) pairs.push(pairs[0] ?? ['', '']);
  const text = new URLSearchParams(pairs).toString();
  if (text === '') return '';
  return `?${dice.chance(0.1) ? mutate(Buffer.from(text), dice).toString('latin1') : text}`;
}

/** Headers read by Gavel, Fastify or Node, each with values that they must tolerate. */
const ODD_HEADERS: Readonly<Record<string, readonly string[]>> = {
  Authorization: ['', 'Bearer', 'Basic Og==', 'Basic %%%', 'Bearer gvl_live_x', 'Digest a', 'Bearer \xff'],
  'Content-Type': [
    '',
    '/',
    ';',
    'text/plain',
    'application/json; charset=utf-16',
    'application/json; charset=\xff',
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary="',
    "multipart/form-data; boundary*=utf-8''%ff",
    `multipart/form-data; boundary=${'b'.repeat(80)}`,
    'application/x-www-form-urlencoded; charset=iso-8859-1',
    'multipart/mixed; boundary=b',
    'application/json, text/plain',
    'application/yaml; charset=latin1',
  ],
  'Content-Encoding': ['gzip', 'br', 'deflate', 'identity', 'gzip, gzip', '', 'zstd'],
  'Idempotency-Key': ['', 'a', 'x'.repeat(256), '\xff\xfe', '"a"'],
  Prefer: [
    'wait=0',
    'wait=-1',
    'wait=1e9',
    `wait=${'9'.repeat(400)}`,
    ',;=,',
    'respond-async, wait=',
    'wait="',
  ],
  'X-Forwarded-For': ['', ',', '203.0.113.9', '::1, unknown', '[::1]:99999', 'x'.repeat(5000), '\xff'],
  'X-Forwarded-Proto': ['$&', 'javascript', 'https, http', ''],
  'X-Forwarded-Host': ['evil.example', '"><script>', '$`', ''],
  Forwarded: ['for=_hidden;proto=;host="', 'for="[2001:db8::1]:99999"'],
  Accept: ['*/*', 'application/json', 'text/html;q=x', ',', 'application/yaml', '\xff'],
  Host: ['', 'gavel:99999', '[', 'a b', '\xff', 'evil.example'],
  Expect: ['100-continue', 'x'],
  Connection: ['keep-alive, close', 'upgrade', 'x'],
  Upgrade: ['websocket', 'h2c'],
  'If-Match': ['*', 'W/"a"', '"', '\xff'],
  'If-None-Match': ['*', '"a"'],
  'If-Modified-Since': ['x'],
  Range: ['bytes=0-', 'bytes=5-1'],
  TE: ['trailers'],
  Cookie: ['a=b; '.repeat(500)],
  'Accept-Encoding': ['gzip;q=x', '*'],
};

function headersOf(known: Known, route: Route, dice: Dice): Headers {
  const headers: Headers = [
    ['Host', 'gavel'],
    ['Connection', 'close'],
  ];
  if (!dice.chance(0.1)) headers.push(['Prefer', 'respond-async']);
  if (!dice.chance(0.05)) headers.push(['Authorization', `Bearer ${keyFor(known, route, dice)}`]);
  for (const parameter of route.parameters) {
    if (parameter.in === 'header' && dice.chance(0.3))
      headers.push([
        parameter.name,
        textFor(route, parameter, dice).replaceAll(/[^\x20-\x7e\xa0-\xff]/g, '?'),
      ]);
  }
  for (let left = dice.chance(0.4) ? 1 + dice.below(3) : 0; left > 0; left -= 1) {
    const name = dice.oneOf(Object.keys(ODD_HEADERS));
    const header: Headers[number] = [name, dice.oneOf(ODD_HEADERS[name] ?? [''])];
    const at = headers.findIndex(([one]) => one === name);
    if (at >= 0 && dice.chance(0.8)) headers[at] = header;
    else headers.push(header);
  }
  if (dice.chance(0.01)) headers.push(...Array.from({ length: 300 }, (): Headers[number] => ['X-Note', 'x']));
  return headers;
}

function keyFor({ keys }: Known, { target, path }: Route, dice: Dice): string {
  if (dice.chance(0.05)) return dice.oneOf(Object.values(keys));
  if (target === 'admin') return keys.admin;
  return path.startsWith('/api/buyers/') ? keys.buyer : keys.seller;
}

/** Framing of a body, mostly correct. */
function framed(body: Body | undefined, dice: Dice): { headers: Headers; bytes: Buffer; isHonest: boolean } {
  if (body === undefined) return { headers: [], bytes: Buffer.alloc(0), isHonest: true };
  const { type, bytes } = body;
  const headers: Headers = type === undefined || dice.chance(0.03) ? [] : [['Content-Type', type]];
  const { length } = bytes;
  if (dice.chance(0.8))
    return { headers: [...headers, ['Content-Length', String(length)]], bytes, isHonest: true };
  if (dice.chance(0.5)) {
    headers.push([
      'Transfer-Encoding',
      dice.oneOf(['chunked', 'chunked', 'chunked', 'gzip, chunked', 'x', 'chunked, x']),
    ]);
    if (dice.chance(0.1)) headers.push(['Content-Length', String(length)]);
    return { headers, bytes: chunked(bytes, dice), isHonest: false };
  }
  const wrong = [
    length + 1,
    Math.max(0, length - 1),
    0,
    65_537,
    1e21,
    -1,
    '0x10',
    `${length}, ${length}`,
    '',
  ];
  headers.push(['Content-Length', String(dice.oneOf(wrong))]);
  if (dice.chance(0.2)) headers.push(['Content-Length', String(length)]);
  return { headers, bytes, isHonest: false };
}

function chunked(bytes: Buffer, dice: Dice): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const chunk = bytes.subarray(at, at + 1 + dice.below(200));
    at += chunk.length;
    const size = dice.chance(0.03) ? dice.oneOf(['zz', '-1', 'ffffffff', '']) : chunk.length.toString(16);
    const extension = dice.chance(0.03) ? `;${nastyText(dice)}` : '';
    chunks.push(
      Buffer.from(`${size}${extension}\r\n`, 'latin1'),
      chunk,
      Buffer.from(dice.chance(0.02) ? '\n' : '\r\n'),
    );
  }
  const trailers = dice.chance(0.1) ? 'Content-Length: 5\r\nX-Trailer: x\r\n' : '';
  chunks.push(Buffer.from(dice.chance(0.9) ? `0\r\n${trailers}\r\n` : '0\r\n'));
  return Buffer.concat(chunks);
}

function inPieces(bytes: Buffer, dice: Dice): Buffer[] {
  if (!dice.chance(0.15)) return [bytes];
  const at = dice.below(bytes.length + 1);
  return [bytes.subarray(0, at), bytes.subarray(at)];
}
