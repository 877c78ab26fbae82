import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { between, type Draw } from './draw.js';
import { INSISTENT, type PlannedLead } from './leads.js';
import type { SellerCode } from './market.js';

/** An answer, as recorded by its source. */
export interface KeptAnswer {
  number: number;
  asked: 'lead' | 'lead with other fields' | 'status' | 'withdrawal';
  /** When it was sent and when it was answered, ms since 1970. */
  sentAt: number;
  at: number;
  /** 0: no answer. */
  status: number;
  body: Record<string, unknown>;
  replayed: boolean;
}

/** The context of a source: keys and API addresses. */
export interface Office {
  draw: Draw;
  /** A key for each seller. */
  keys: Record<SellerCode, string>;
  /** The API processes' addresses. */
  doors: readonly string[];
  /** Whether the run is over: sources stop waiting for answers. */
  isOver: () => boolean;
  keep: (answer: KeptAnswer) => void;
}

const PATIENCE_MS = 8000;

/** Sends a lead in its manner, then performs its later action. Never rejects. */
export async function sendPlanned(office: Office, lead: PlannedLead): Promise<void> {
  const heard = await sendInItsManner(office, lead);
  if (heard?.status !== 200 || lead.later === undefined) return;
  await sleep(lead.laterMs);
  const id = String(heard.body.lead_id);
  if (lead.later === 'asks') await untilHeard(office, lead, () => askStatus(office, lead, id));
  else {
    await untilHeard(office, lead, () => withdraw(office, lead, id));
    await untilHeard(office, lead, () => askStatus(office, lead, id));
  }
}

async function sendInItsManner(office: Office, lead: PlannedLead): Promise<KeptAnswer | undefined> {
  const send = (attempt: number, patienceMs = PATIENCE_MS) => sendLead(office, lead, attempt, patienceMs);
  switch (lead.manner) {
    case 'twiceAtOnce': {
      const [first] = await Promise.all(
        [0, 1].map((door) => untilHeard(office, lead, (n) => send(door + n))),
      );
      return first;
    }
    case 'impatiently':
      await send(0, between(office.draw('patience', lead.number), 100, 800));
      return untilHeard(office, lead, send);
    case 'inHalves':
      await sendHalf(office, lead);
      return untilHeard(office, lead, send);
    case 'withOtherFields': {
      const heard = await untilHeard(office, lead, send);
      const other = { ...lead, person: { ...lead.person, city: 'Elsewhere' } };
      const asked = 'lead with other fields';
      await untilHeard(office, lead, (n) => sendLead(office, other, n, PATIENCE_MS, asked), [422]);
      return heard;
    }
    case 'once':
    case 'withoutPhone':
    case 'withAForeignKey':
      return send(0);
    case 'patiently':
    case 'withoutWaiting':
      return untilHeard(office, lead, send);
  }
}

/** A source waits twice as long each time, ms, so that those who wait do not keep the door shut for each other. */
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 8000;

/** Asks again, at the other door, after what says "later" and after nothing. */
async function untilHeard(
  { isOver, draw }: Office,
  { number }: PlannedLead,
  ask: (attempt: number) => Promise<KeptAnswer & { retryAfterMs: number }>,
  final: readonly number[] = [200],
): Promise<KeptAnswer | undefined> {
  let wait = FIRST_WAIT_MS;
  for (let attempt = number; !isOver(); attempt += 1) {
    const answer = await ask(attempt);
    const isLater = answer.status === 0 || answer.status >= 500 || [408, 409, 429].includes(answer.status);
    if (final.includes(answer.status) || !isLater) return answer;
    await sleep(Math.max(answer.retryAfterMs, wait * (0.5 + draw('wait', number, attempt))));
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
  return undefined;
}

function sendLead(
  office: Office,
  lead: PlannedLead,
  attempt: number,
  patienceMs: number,
  asked: KeptAnswer['asked'] = 'lead',
) {
  const { number, manner, category, seller } = lead;
  const { phone, ...rest } = lead.person;
  const owner = manner === 'withAForeignKey' ? other(seller) : seller;
  return ask(office, { number, asked, attempt, patienceMs }, owner, '/api/leads', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(INSISTENT.includes(manner) && { 'idempotency-key': `torture-${number}` }),
      ...(manner === 'withoutWaiting' && { prefer: 'respond-async' }),
    },
    body: JSON.stringify({ seller, category, ...rest, ...(manner !== 'withoutPhone' && { phone }) }),
  });
}

const other = (seller: SellerCode): SellerCode => (seller === 'ACME1234' ? 'GLOBEX00' : 'ACME1234');

const askStatus = (office: Office, { number, seller }: PlannedLead, id: string) =>
  ask(
    office,
    { number, asked: 'status', attempt: number, patienceMs: PATIENCE_MS },
    seller,
    `/api/leads/${id}`,
  );

const withdraw = (office: Office, { number, seller }: PlannedLead, id: string) =>
  ask(
    office,
    { number, asked: 'withdrawal', attempt: number, patienceMs: PATIENCE_MS },
    seller,
    `/api/leads/${id}/withdraw`,
    { method: 'POST' },
  );

interface Question {
  number: number;
  asked: KeptAnswer['asked'];
  /** Which door is knocked at. */
  attempt: number;
  patienceMs: number;
}

async function ask(
  { doors, keys, keep }: Office,
  { number, asked, attempt, patienceMs }: Question,
  seller: SellerCode,
  path: string,
  init: RequestInit = {},
): Promise<KeptAnswer & { retryAfterMs: number }> {
  const sentAt = Date.now();
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${keys[seller]}`);
  const address = `${doors[attempt % doors.length]}${path}`;
  const heard = await fetch(address, { ...init, headers, signal: AbortSignal.timeout(patienceMs) })
    .then(async (response) => ({ response, body: (await response.json()) as Record<string, unknown> }))
    .catch(() => undefined);
  const answer = {
    number,
    asked,
    sentAt,
    at: Date.now(),
    status: heard?.response.status ?? 0,
    body: heard?.body ?? {},
    replayed: heard?.response.headers.get('idempotent-replayed') === 'true',
    retryAfterMs: Number(heard?.response.headers.get('retry-after') ?? 0) * 1000,
  };
  keep(answer);
  return answer;
}

/** The head of the request and half of its body, and then nothing more. */
function sendHalf({ doors, keys }: Office, { number, seller, category, person }: PlannedLead): Promise<void> {
  const { hostname, port } = new URL(doors[number % doors.length] ?? '');
  const body = JSON.stringify({ seller, category, ...person });
  const head = [
    'POST /api/leads HTTP/1.1',
    'Host: gavel',
    `Authorization: Bearer ${keys[seller]}`,
    'Content-Type: application/json',
    `Idempotency-Key: torture-${number}`,
    `Content-Length: ${body.length}`,
  ].join('\r\n');
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.write(`${head}\r\n\r\n${body.slice(0, body.length / 2)}`, () =>
      setTimeout(() => socket.destroy(), 50),
    );
  });
}
