import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import Type from 'typebox';
import Value from 'typebox/value';

const Remembered = Type.Record(Type.String(), Type.Integer({ minimum: 1, maximum: 65535 }));

const portsFile = (dir: string): string => join(dir, 'ports.json');

/** Whether a port of the loopback address can be listened on now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/**
 * A free port for each name, and no port twice: the preferred one, else the one of the last start, so that bookmarks and
 * shells keep working, else any.
 */
export async function choosePorts<Name extends string>(
  dir: string,
  names: readonly Name[],
  wishes: Partial<Record<Name, number>> = {},
): Promise<Record<Name, number>> {
  const file = portsFile(dir);
  const last = lastPorts(dir);
  const ports = new Map<number, Name>();
  for (const name of names) ports.set(await firstFree([wishes[name], last[name]], ports), name);
  const chosen = Object.fromEntries([...ports].map(([port, name]) => [name, port])) as Record<Name, number>;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ ...last, ...chosen }));
  return chosen;
}

async function firstFree(
  wishes: (number | undefined)[],
  taken: ReadonlyMap<number, unknown>,
): Promise<number> {
  for (const port of wishes) if (port !== undefined && !taken.has(port) && (await isFree(port))) return port;
  for (;;) {
    const port = await anyPort();
    if (!taken.has(port)) return port;
  }
}

/**
 * The range in which a free port is searched. Linux uses ports from 32768 for outgoing connections and requests for any
 * port, other systems from 49152 (RFC 6335): such a port could be taken before a server listens on it.
 */
const FIRST = 20_000;
const LAST = 32_767;

/** A free port of the loopback address that the system does not assign to other programs. */
export async function anyPort(): Promise<number> {
  for (let port = randomInt(FIRST, LAST + 1); ; port = port === LAST ? FIRST : port + 1)
    if (await isFree(port)) return port;
}

/** The ports that names had at the last start, by name. */
export function lastPorts(dir: string): Record<string, number> {
  try {
    const content: unknown = JSON.parse(readFileSync(portsFile(dir), 'utf8'));
    return Value.Check(Remembered, content) ? content : {};
  } catch {
    return {};
  }
}
