import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { MongoClient, MongoServerError, type Db } from 'mongodb';
import type { LocalServer } from './localServer.js';
import type { Plan } from '../processes/startPlan.js';
import type { Command } from '../processes/processes.js';
import { waitUntil } from '../processes/waitUntil.js';

const SET = 'gavel';

/** MongoDB as a replica set of one where it is installed, else SecantusDB, which speaks its protocol. */
export const mongodb: LocalServer = {
  name: 'mongodb',
  setting: 'MONGODB_URL',
  binaries: ['mongod'],
  plan({ dir, ports: { mongodb: port }, program }) {
    // The two keep different files; neither opens what the other left.
    const data = join(dir, 'binary' in program ? 'mongodb' : 'secantusdb');
    mkdirSync(data, { recursive: true });
    const of = (
      command: Pick<Command, 'command' | 'args' | 'env' | 'cwd' | 'wakeUp'>,
      isReady: Question,
    ): Plan => ({
      command: { name: 'mongodb', server: true, ...command },
      ports: [port],
      ready: (part) => waitUntil(part, () => ask(port, isReady)),
    });
    if ('binary' in program) {
      const args = ['--port', String(port), '--bind_ip', '127.0.0.1', '--dbpath', data, '--replSet', SET];
      return {
        plan: of({ command: program.binary, args }, makeReplicaSet(`127.0.0.1:${port}`)),
        addresses: { MONGODB_URL: `mongodb://127.0.0.1:${port}/?replicaSet=${SET}` },
      };
    }
    const { dir: packages, python } = program.packages;
    const { args, addresses } = secantusdb(port, data);
    const secantus = {
      command: python,
      args: [join(packages, 'bin', 'secantusd-py'), ...args],
      env: { ...process.env, PYTHONPATH: packages, PYTHONNOUSERSITE: '1' },
      cwd: dir,
      wakeUp: () => connectTo(port),
    };
    return { plan: of(secantus, isPrimary), addresses };
  },
};

/** The options of a SecantusDB server, in Python or in Rust, and how it is reached. */
export const secantusdb = (port: number, data: string) => ({
  // Without --sync-on-commit it loses acknowledged writes when it is killed.
  args: ['--host', '127.0.0.1', '--port', String(port), '--storage-path', data, '--sync-on-commit'],
  // It keeps a record of each retryable write and sorts them all at every write: 5 ms a lead become 50 and more.
  addresses: { MONGODB_URL: `mongodb://127.0.0.1:${port}/?retryWrites=false` },
  isReady: () => ask(port, isPrimary),
});

/** Whether a database is SecantusDB, which stands in for MongoDB in the local stack. */
export const isStandIn = async (db: Db): Promise<boolean> =>
  'secantusVersion' in (await db.command({ buildInfo: 1 }));

/** SecantusDB ends after its next connection, or after 2 s without one. */
function connectTo(port: number): void {
  const socket = connect(port, '127.0.0.1', () => socket.destroy());
  socket.on('error', () => undefined);
}

/** What a server must say yes to before it is used. */
type Question = (admin: Db) => Promise<boolean>;

async function ask(port: number, question: Question): Promise<boolean> {
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
