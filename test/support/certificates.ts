import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Files of a certificate authority, and of a server and a client certified by it. */
export interface Certificates {
  ca: string;
  server: { cert: string; key: string };
  client: { cert: string; key: string };
  /** A client certified by another authority. */
  stranger: { cert: string; key: string };
  remove(): void;
}

/** Makes certificates for one day with `openssl`. @param name of the server */
export function makeCertificates(name: string): Certificates {
  const dir = mkdtempSync(join(tmpdir(), 'gavel-certificates-'));
  const file = (of: string): string => join(dir, of);
  const openssl = (...args: string[]): void =>
    void execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];

  function authority(of: string): void {
    openssl(
      ...['req', '-x509', ...newKey, '-subj', `/CN=${of}`],
      ...['-addext', 'keyUsage=critical,keyCertSign', '-keyout', `${of}.key`, '-out', `${of}.crt`],
    );
  }
  function certify(of: string, by: string, usage: string): { cert: string; key: string } {
    openssl(
      'req',
      ...newKey.slice(0, 4),
      '-nodes',
      '-subj',
      `/CN=${of}`,
      '-keyout',
      `${of}.key`,
      '-out',
      `${of}.csr`,
    );
    writeFileSync(file(`${of}.ext`), `subjectAltName=DNS:${name}\nextendedKeyUsage=${usage}\n`);
    openssl(
      ...['x509', '-req', '-in', `${of}.csr`, '-CA', `${by}.crt`, '-CAkey', `${by}.key`, '-CAcreateserial'],
      ...['-days', '1', '-extfile', `${of}.ext`, '-out', `${of}.crt`],
    );
    return { cert: file(`${of}.crt`), key: file(`${of}.key`) };
  }

  authority('authority');
  authority('another');
  return {
    ca: file('authority.crt'),
    server: certify('server', 'authority', 'serverAuth'),
    client: certify('client', 'authority', 'clientAuth'),
    stranger: certify('stranger', 'another', 'clientAuth'),
    remove: () => rmSync(dir, { recursive: true }),
  };
}
