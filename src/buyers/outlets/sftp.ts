import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type Client from 'ssh2-sftp-client';
import type { Outlet } from '../../market/model/outlet.js';
import { AddressRefused, resolveAllowed, type Resolve } from '../guardedConnector.js';
import type { OutboundRules } from '../outboundRules.js';

type Sftp = NonNullable<Outlet['sftp']>;

/** Files on SFTP servers, one connection for each. */
export interface SftpFiles {
  /** Writes the file under a temporary name and renames it; a file that is there already is complete. */
  put(to: Sftp, name: string, content: string, timeoutMs: number): Promise<void>;
  /** Removes the file, if it is there. */
  remove(to: Sftp, name: string, timeoutMs: number): Promise<void>;
}

interface Options {
  rules: OutboundRules;
  resolve?: Resolve;
  /** The private key of the exchange, in PEM or OpenSSH form. */
  privateKey: string | undefined;
}

const TOO_LATE = 'no answer in time';

/** SSH's own port. It is allowed beside the ports of OUTBOUND_PORTS. */
const SSH_PORT = 22;

export function openSftpFiles({ rules, resolve, privateKey }: Options): SftpFiles {
  async function withServer<T>(
    to: Sftp,
    timeoutMs: number,
    work: (client: Client) => Promise<T>,
  ): Promise<T> {
    if (privateKey === undefined) throw new Error('no private key; see SFTP_KEY');
    // Loaded when first used: most processes never send a file.
    const { default: SftpClient } = await import('ssh2-sftp-client');
    const deadline = AbortSignal.timeout(timeoutMs);
    const socket = await openSocket(to, { rules, resolve, deadline });
    const client = new SftpClient();
    // Without a listener, an error after the end of the work would end the process.
    client.on('error', () => undefined);
    const timedOut = new Promise<never>((_resolve, reject) => {
      deadline.addEventListener('abort', () => {
        socket.destroy();
        reject(new Error(TOO_LATE));
      });
    });
    const done = (async () => {
      await client.connect({
        sock: socket,
        username: to.user,
        privateKey,
        readyTimeout: timeoutMs,
        hostVerifier: (key: Buffer) => isKey(to.hostKey, key),
      });
      return work(client);
    })();
    try {
      return await Promise.race([done, timedOut]);
    } finally {
      done.catch(() => undefined);
      timedOut.catch(() => undefined);
      await client.end().catch(() => undefined);
      socket.destroy();
    }
  }

  return {
    put: (to, name, content, timeoutMs) =>
      withServer(to, timeoutMs, async (client) => {
        const path = pathOf(to, name);
        if ((await client.exists(path)) !== false) return;
        const temporary = pathOf(to, `.${name}.part`);
        await client.put(Buffer.from(content), temporary);
        await client.rename(temporary, path);
      }),
    remove: (to, name, timeoutMs) =>
      withServer(to, timeoutMs, async (client) => {
        await client.delete(pathOf(to, name), true);
      }),
  };
}

const pathOf = ({ directory = '.' }: Sftp, name: string): string => `${directory.replace(/\/$/, '')}/${name}`;

/** Connects to the first allowed address of the host. */
async function openSocket(
  { host, port = SSH_PORT }: Sftp,
  { rules, resolve, deadline }: Pick<Options, 'rules' | 'resolve'> & { deadline: AbortSignal },
): Promise<Socket> {
  const refusal = rules.hostRefusal('https:', host, port === SSH_PORT ? '' : String(port));
  if (refusal !== undefined) throw new AddressRefused(refusal);
  const [first] = await resolveAllowed(rules, resolve)(host);
  return new Promise((done, fail) => {
    // SSH sends small packets and waits for the answer to each; Nagle’s algorithm would hold them back.
    const socket = connect({ host: first?.address ?? host, port, noDelay: true });
    // For all errors, also later ones: ssh2 reports them as well.
    socket.on('error', fail);
    socket.once('connect', () => done(socket));
    deadline.addEventListener('abort', () => socket.destroy(new Error(TOO_LATE)));
  });
}

/** Whether the key is the pinned one. */
function isKey(pinned: string, key: Buffer): boolean {
  const hash = createHash('sha256').update(key).digest('base64').replace(/=+$/, '');
  return `SHA256:${hash}` === pinned.replace(/=+$/, '');
}

/** Why a delivery failed, for ops: codes, and nothing that the server said. */
export function sftpFailure(error: unknown): string {
  if (error instanceof AddressRefused) return error.message;
  if (!(error instanceof Error)) return 'SFTP: connection failed';
  if (/Host denied|verification failed/i.test(error.message))
    return 'SFTP: the host key is not the pinned one';
  if (/authentication/i.test(error.message)) return 'SFTP: the key or the user was refused';
  if (/^no /.test(error.message)) return `SFTP: ${error.message}`;
  const code = 'code' in error ? String(error.code) : 'connection failed';
  return `SFTP: ${code}`;
}
