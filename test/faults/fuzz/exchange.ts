import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * When a client closes its side of the connection: after the server, after a pause in which most requests are answered
 * (Node drops the answer if a client half-closes earlier), or at once.
 */
export type Ending = 'waits' | 'half-closes' | 'hangs up';

/** Bytes for a server, in chunks. */
export interface Sent {
  pieces: Buffer[];
  ending: Ending;
}

/** The answer; without status if the connection was closed without one. */
export interface Answer {
  /** Statuses of all answers on the connection. */
  statuses: number[];
  headers: Record<string, string>;
  /** Body of the first answer. */
  body: string;
  ms: number;
  /** Whether the server neither completed its answer nor closed the connection. */
  isStuck: boolean;
}

const PAUSE_MS = 3;
const HALF_CLOSE_AFTER_MS = 50;

/** Sends bytes on a new connection and reads until the server closes it. */
export async function exchange(address: string, sent: Sent, patienceMs: number): Promise<Answer> {
  const { hostname, port } = new URL(address);
  const began = performance.now();
  const socket = connect(Number(port), hostname);
  socket.setNoDelay();
  // The server may close the connection before it has read everything.
  socket.on('error', () => undefined);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => {
    chunks.push(chunk);
    // The server may keep the connection for another request.
    if (sent.ending === 'waits' && isAnswered(Buffer.concat(chunks).toString('latin1'))) socket.end();
  });
  let isStuck = false;
  const late = setTimeout(() => {
    isStuck = true;
    socket.destroy();
  }, patienceMs);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  for (const [i, piece] of sent.pieces.entries()) {
    if (i > 0) await sleep(PAUSE_MS);
    if (socket.writable) socket.write(piece);
  }
  if (sent.ending === 'half-closes') setTimeout(() => socket.end(), HALF_CLOSE_AFTER_MS);
  if (sent.ending === 'hangs up') {
    await sleep(PAUSE_MS);
    socket.resetAndDestroy();
  }
  await closed;
  clearTimeout(late);
  return { ...read(Buffer.concat(chunks).toString('latin1')), ms: performance.now() - began, isStuck };
}

/** @param text in Latin-1, one character a byte, as Content-Length counts */
function read(text: string): Pick<Answer, 'statuses' | 'headers' | 'body'> {
  const answers: { status: number; headers: Record<string, string>; body: string }[] = [];
  let rest = text;
  for (let head = headOf(rest); head !== undefined; head = headOf(rest)) {
    const { status, headers, length } = head;
    const end = length + (status < 200 ? 0 : Number(headers['content-length'] ?? rest.length));
    if (status >= 200) answers.push({ status, headers, body: rest.slice(length, end) });
    rest = rest.slice(end);
  }
  const [first] = answers;
  return {
    statuses: answers.map(({ status }) => status),
    headers: first?.headers ?? {},
    body: Buffer.from(first?.body ?? '', 'latin1').toString('utf8'),
  };
}

/** Whether the first answer is complete. */
function isAnswered(text: string): boolean {
  const head = headOf(text);
  if (head === undefined) return false;
  if (head.status < 200) return isAnswered(text.slice(head.length));
  return text.length >= head.length + Number(head.headers['content-length'] ?? 0);
}

function headOf(text: string) {
  const end = text.indexOf('\r\n\r\n');
  const [start = '', ...lines] = text.slice(0, Math.max(0, end)).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(start)?.[1]);
  if (end < 0 || Number.isNaN(status)) return undefined;
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { status, headers, length: end + 4 };
}
