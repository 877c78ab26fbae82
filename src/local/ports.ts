import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import Type from 'typebox';
import Value from 'typebox/value';

const Remembered = Type.Record(Type.String(), Type.Integer({ minimum: 1, maximum: 65535 }));

/** Whether a port of the loopback address can be listened on now. */
export function isFree(port: number): Promise<boolean> {
  return listenOnce(port).then(
    () => true,
    () => false,
  );
}

/**
 * A free port for each name: the one it would rather have, else the one it had the last time, so that bookmarks and
 * shells keep working from one start to the next, else any.
 */
export async function choosePorts<Name extends string>(
  dir: string,
  names: readonly Name[],
  wishes: Partial<Record<Name, number>> = {},
): Promise<Record<Name, number>> {
  const file = join(dir, 'ports.json');
  const last = remembered(file);
  const entries: [Name, number][] = [];
  for (const name of names) entries.push([name, await firstFree([wishes[name], last[name]])]);
  const chosen = Object.fromEntries(entries) as Record<Name, number>;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ ...last, ...chosen }));
  return chosen;
}

async function firstFree(ports: (number | undefined)[]): Promise<number> {
  for (const port of ports) if (port !== undefined && (await isFree(port))) return port;
  return anyPort();
}

/** A port of the loopback address that nobody has at this moment. */
export const anyPort = (): Promise<number> => listenOnce(0);

function remembered(file: string): Record<string, number> {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Value.Check(Remembered, content) ? content : {};
  } catch {
    return {};
  }
}

/** Listens on a port (0: any) just long enough to know that it is free; answers which it was. */
function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
}
