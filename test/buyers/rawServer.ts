import { createServer, type AddressInfo, type Socket } from 'node:net';

/** A buyer's answer to any request, written directly to the socket. */
export type RawAnswer = (socket: Socket) => void;

export const KiB = 1024;

/** A well-formed answer with any body. */
export const says = (body: string | Buffer, headers = ''): RawAnswer => {
  const length = `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\n${length}${headers}\r\n`);
    socket.write(body);
  };
};

export const bytes =
  (text: string): RawAnswer =>
  (socket) =>
    void socket.write(text);

/** Writes a text, then repeats another endlessly, at full speed or one piece per interval (ms). */
export const endless =
  (start: string, piece: string, everyMs?: number): RawAnswer =>
  (socket) => {
    socket.write(start);
    const go = (): void => {
      if (socket.destroyed) return;
      if (everyMs !== undefined) socket.write(piece, () => setTimeout(go, everyMs));
      else if (socket.write(piece)) setImmediate(go);
      else socket.once('drain', go);
    };
    go();
  };

export const ok = 'HTTP/1.1 200 OK\r\n';
/** The start of an answer without an announced length. */
export const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`;
/** The start of an answer of 1000 bytes. */
export const whole = `${ok}Content-Length: 1000\r\n\r\n`;

/** A buyer that sends malformed HTTP. */
export interface RawServer {
  url: string;
  /** Sets its answer. */
  answerWith(answer: RawAnswer): void;
  /** Resolves when its last connection is closed. */
  closed(): Promise<void>;
  close(): Promise<void>;
}

export async function startRawServer(): Promise<RawServer> {
  let answer: RawAnswer = () => undefined;
  let closed: Promise<void> = Promise.resolve();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    closed = new Promise((resolve) => socket.on('close', () => resolve()));
    // A closed connection is expected.
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      if (chunk.includes('POST / HTTP/1.1')) answer(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    answerWith: (next) => void (answer = next),
    closed: () => closed,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
