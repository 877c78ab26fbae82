import { createHash, generateKeyPairSync } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import ssh2 from 'ssh2';

const { OPEN_MODE, STATUS_CODE } = ssh2.utils.sftp;

/** An SFTP server with its files in memory. */
export interface SftpServer {
  port: number;
  /** As in the market file. */
  hostKey: string;
  /** The private key that it admits. */
  clientKey: string;
  files: Map<string, string>;
  /** Every rename and removal, in order. */
  did: string[];
  close(): Promise<void>;
}

const newKey = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs1',
    format: 'pem',
  }) as string;

export async function startSftpServer(): Promise<SftpServer> {
  const own = newKey();
  const clientKey = newKey();
  const parsed = ssh2.utils.parseKey(own);
  const admitted = ssh2.utils.parseKey(clientKey);
  if (parsed instanceof Error || admitted instanceof Error) throw new Error('The keys can’t be read');
  const hash = createHash('sha256').update(parsed.getPublicSSH()).digest('base64').replace(/=+$/, '');
  const ssh = new ssh2.Server({ hostKeys: [own] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (attempt) => {
      const isOurs =
        attempt.method === 'publickey' &&
        attempt.key.data.equals(admitted.getPublicSSH()) &&
        attempt.username === 'gavel';
      if (isOurs) attempt.accept();
      else attempt.reject(['publickey']);
    });
    client.on('session', (accept) => {
      accept().on('sftp', (acceptSftp) => serve(acceptSftp(), running));
    });
  });
  // As OpenSSH does, it sends small packets at once.
  const server = createServer({ noDelay: true }, (socket) => ssh.injectSocket(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const running: SftpServer = {
    port: (server.address() as AddressInfo).port,
    hostKey: `SHA256:${hash}`,
    clientKey,
    files: new Map(),
    did: [],
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return running;
}

function serve(sftp: ssh2.SFTPWrapper, { files, did }: SftpServer): void {
  const open = new Map<number, string>();
  let next = 0;
  const attributes = (path: string) => ({
    mode: 0o100644,
    uid: 0,
    gid: 0,
    size: files.get(path)?.length ?? 0,
    atime: 0,
    mtime: 0,
  });
  const stat = (id: number, path: string): void => {
    if (files.has(path)) sftp.attrs(id, attributes(path));
    else sftp.status(id, STATUS_CODE.NO_SUCH_FILE);
  };
  sftp.on('OPEN', (id, path, flags) => {
    if ((flags & OPEN_MODE.WRITE) === 0) {
      sftp.status(id, STATUS_CODE.PERMISSION_DENIED);
      return;
    }
    files.set(path, '');
    next += 1;
    open.set(next, path);
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(next);
    sftp.handle(id, handle);
  });
  sftp.on('WRITE', (id, handle, _offset, data) => {
    const path = open.get(handle.readUInt32BE(0)) ?? '';
    files.set(path, (files.get(path) ?? '') + data.toString());
    sftp.status(id, STATUS_CODE.OK);
  });
  sftp.on('CLOSE', (id) => sftp.status(id, STATUS_CODE.OK));
  sftp.on('FSETSTAT', (id) => sftp.status(id, STATUS_CODE.OK));
  sftp.on('SETSTAT', (id) => sftp.status(id, STATUS_CODE.OK));
  sftp.on('STAT', stat);
  sftp.on('LSTAT', stat);
  sftp.on('REALPATH', (id, path) =>
    sftp.name(id, [{ filename: path, longname: path, attrs: attributes(path) }]),
  );
  sftp.on('RENAME', (id, from, to) => {
    did.push(`rename ${from} ${to}`);
    files.set(to, files.get(from) ?? '');
    files.delete(from);
    sftp.status(id, STATUS_CODE.OK);
  });
  sftp.on('REMOVE', (id, path) => {
    did.push(`remove ${path}`);
    sftp.status(id, files.delete(path) ? STATUS_CODE.OK : STATUS_CODE.NO_SUCH_FILE);
  });
}
