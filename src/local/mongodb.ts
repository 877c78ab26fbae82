import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient, MongoServerError, type Db } from 'mongodb';
import type { LocalServer } from './localServer.js';
import { waitUntil } from './waitUntil.js';

const SET = 'gavel';

/** MongoDB as a replica set of one where it is installed, else SecantusDB, which speaks its protocol. */
export const mongodb: LocalServer = {
  name: 'mongodb',
  setting: 'MONGODB_URL',
  binaries: ['mongod'],
  async start({ processes, dir, ports, program }) {
    const port = ports.mongodb;
    // The two keep different files; neither opens what the other left.
    const data = join(dir, 'binary' in program ? 'mongodb' : 'secantusdb');
    mkdirSync(data, { recursive: true });
    if ('binary' in program) {
      const args = ['--port', String(port), '--bind_ip', '127.0.0.1', '--dbpath', data, '--replSet', SET];
      const part = processes.start({ name: 'mongodb', server: true, command: program.binary, args });
      await waitUntil(part, () => ask(port, makeReplicaSet(`127.0.0.1:${port}`)));
      return { MONGODB_URL: `mongodb://127.0.0.1:${port}/?replicaSet=${SET}` };
    }
    const { dir: packages, python } = program.packages;
    const part = processes.start({
      name: 'mongodb',
      server: true,
      command: python,
      // Without --sync-on-commit it loses acknowledged writes when it is killed.
      args: [
        join(packages, 'bin', 'secantusd-py'),
        '--host',
        '127.0.0.1',
        '--port',
        String(port),
        '--storage-path',
        data,
        '--sync-on-commit',
      ],
      env: { ...process.env, PYTHONPATH: packages, PYTHONNOUSERSITE: '1' },
      cwd: dir,
    });
    await waitUntil(part, () => ask(port, isPrimary));
    // It keeps a record of each retryable write and sorts them all at every write: 5 ms a lead become 50 and more.
    return { MONGODB_URL: `mongodb://127.0.0.1:${port}/?retryWrites=false` };
  },
};

async function ask(port: number, question: (admin: Db) => Promise<boolean>): Promise<boolean> {
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, {
    serverSelectionTimeoutMS: 1000,
  });
  try {
    return await question(client.db('admin'));
  } finally {
    await client.close();
  }
}

async function isPrimary(admin: Db): Promise<boolean> {
  const hello = await admin.command({ hello: 1 });
  return hello.isWritablePrimary === true;
}

/** Makes the server a replica set of one under this host, or gives the one it is this host when the port has changed. */
const makeReplicaSet = (host: string) => async (admin: Db) => {
  try {
    const { config } = (await admin.command({ replSetGetConfig: 1 })) as {
      config: { version: number; members: { host: string }[] };
    };
    if (config.members[0]?.host !== host) {
      const moved = { ...config, version: config.version + 1, members: [{ ...config.members[0], host }] };
      await admin.command({ replSetReconfig: moved, force: true });
    }
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.codeName !== 'NotYetInitialized') throw error;
    await admin.command({ replSetInitiate: { _id: SET, members: [{ _id: 0, host }] } });
  }
  return isPrimary(admin);
};
