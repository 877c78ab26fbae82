import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { pickSettings, readSettings, SECRET_SETTINGS, TEMPORAL_SETTINGS } from '../src/config.js';

const key = (id: string, bytes = 32): string => `${id}:${Buffer.alloc(bytes, id).toString('base64')}`;

describe('the master keys', () => {
  const stack = { MONGODB_URL: 'mongodb://127.0.0.1:1', MASTER_KEYS: key('local') };
  const read = (env: NodeJS.ProcessEnv, local: Record<string, string> = {}) =>
    pickSettings(['MASTER_KEYS'], env, local).MASTER_KEYS;

  test('are one or more, each with a name and 32 bytes', () => {
    for (const keys of [key('a'), `${key('2026')},${key('2025')},${key('old_one')}`]) {
      expect(read({ MASTER_KEYS: keys })).toBe(keys);
    }
  });

  test.each([key('a', 31), key('a', 33), key(''), key('a b'), `${key('a')},`, key('a').slice(2)])(
    'of another form are refused without being shown: %s',
    (MASTER_KEYS) => {
      expect(() => read({ MASTER_KEYS })).toThrow(/^MASTER_KEYS is malformed. Description: /);
      const secret = MASTER_KEYS.replace(/^.*:/, '');
      expect(() => read({ MASTER_KEYS })).not.toThrow(secret);
    },
  );

  test('have no default: no process that stores leads starts without them', () => {
    expect(() => readSettings({ ...stack, MASTER_KEYS: '' }, {})).toThrow('MASTER_KEYS is not set');
  });

  test('of a local stack work only for its own database', () => {
    expect(read({}, stack)).toBe(stack.MASTER_KEYS);
    expect(read({ MONGODB_URL: stack.MONGODB_URL }, stack)).toBe(stack.MASTER_KEYS);
    expect(() => read({ MONGODB_URL: 'mongodb://db.example' }, stack)).toThrow('MASTER_KEYS is not set');
  });
});

describe('the connection to Temporal', () => {
  const PEM = fileURLToPath(import.meta.url);
  const read = (env: NodeJS.ProcessEnv) =>
    pickSettings(TEMPORAL_SETTINGS, { TEMPORAL_ADDRESS: 'temporal.example:7233', ...env }, {});
  // -----BEGIN a line that could be mistaken for a certificate-----
  const pair = { TEMPORAL_TLS_CLIENT_CERT_PATH: PEM, TEMPORAL_TLS_CLIENT_KEY_PATH: PEM };

  test('is without TLS by default', () => {
    expect(read({ TEMPORAL_TLS: '', TEMPORAL_API_KEY: '' })).toEqual({
      TEMPORAL_ADDRESS: 'temporal.example:7233',
      TEMPORAL_NAMESPACE: 'default',
    });
    expect(read({ TEMPORAL_TLS: 'true', ...pair })).toMatchObject({ TEMPORAL_TLS: true, ...pair });
    expect(read({ TEMPORAL_TLS: 'false' })).toMatchObject({ TEMPORAL_TLS: false });
  });

  test.each([
    [
      { TEMPORAL_TLS_CLIENT_CERT_PATH: PEM },
      'TEMPORAL_TLS_CLIENT_CERT_PATH is set and TEMPORAL_TLS_CLIENT_KEY_PATH is not. A certificate and its key belong together: set both or none.',
    ],
    [
      { TEMPORAL_TLS_CLIENT_KEY_PATH: PEM },
      'TEMPORAL_TLS_CLIENT_KEY_PATH is set and TEMPORAL_TLS_CLIENT_CERT_PATH is not.',
    ],
    [
      { TEMPORAL_TLS: 'false', TEMPORAL_API_KEY: 'key' },
      'TEMPORAL_TLS is false, but TEMPORAL_API_KEY is set, which needs TLS. Unset one of the two.',
    ],
    [{ TEMPORAL_TLS: 'false', ...pair }, 'TEMPORAL_TLS is false, but TEMPORAL_TLS_CLIENT_CERT_PATH is set'],
    [
      { TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere/ca.pem' },
      'TEMPORAL_TLS_SERVER_CA_CERT_PATH names "/nowhere/ca.pem", which can\'t be read (ENOENT).',
    ],
    [{ TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/dev/null' }, 'which is not in PEM form'],
    [{ TEMPORAL_TLS: 'perhaps' }, 'TEMPORAL_TLS is invalid: "perhaps"'],
    [{ TEMPORAL_TLS_SERVER_NAME: 'a b' }, 'TEMPORAL_TLS_SERVER_NAME is invalid: "a b"'],
  ])('reports the fault of %j', (env, message) => {
    expect(() => read(env)).toThrow(message);
  });

  test("never shows an API key that can't be used", () => {
    expect(() => read({ TEMPORAL_API_KEY: 'half a key' })).toThrow(
      /^TEMPORAL_API_KEY is malformed. Description: /,
    );
  });
});

describe('a secret in a file', () => {
  const dir = mkdtempSync(join(tmpdir(), 'gavel-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  const file = (text: string): string => {
    const path = join(dir, 'secret');
    writeFileSync(path, text);
    return path;
  };
  const examples: Partial<Record<string, string>> = {
    MONGODB_URL: 'mongodb://gavel:pw@db/',
    REDIS_URL: 'redis://:pw@cache',
    MASTER_KEYS: key('a'),
    GAVEL_ADMIN_KEY: `gvl_admin_${'a'.repeat(33)}`,
    GAVEL_KEY: `gvl_test_${'a'.repeat(33)}`,
    GAVEL_SECRET: `whsec_${'a'.repeat(32)}`,
    SMTP_URL: 'smtps://gavel:pw@mail.example',
    SFTP_KEY: '-----BEGIN OPENSSH PRIVATE KEY-----',
    S3_KEYS: 'northwind:AKIA0:secret',
  };

  test.each(SECRET_SETTINGS)('is read for %s, without the trailing line break', (name) => {
    const value = examples[name] ?? 'secret';
    for (const end of ['', '\n', '\r\n'])
      expect(pickSettings([name], { [`${name}_FILE`]: file(value + end) }, {})).toEqual({ [name]: value });
  });

  test('is not read for a setting that is not a secret', () => {
    expect(pickSettings(['PORT'], { PORT_FILE: '/nowhere' }, {})).toEqual({ PORT: 3000 });
  });

  test('cannot be given twice, and is never shown', () => {
    const both = { MASTER_KEYS: key('a'), MASTER_KEYS_FILE: file(key('b')) };
    expect(() => pickSettings(['MASTER_KEYS'], both, {})).toThrow(
      /^MASTER_KEYS and MASTER_KEYS_FILE are both set. Unset one of the two.$/,
    );
    expect(() => pickSettings(['MASTER_KEYS'], { MASTER_KEYS_FILE: file('half a key') }, {})).toThrow(
      /^MASTER_KEYS is malformed. Description: /,
    );
  });

  test('that is unreadable is named, with all other invalid settings', () => {
    const read = () =>
      pickSettings(
        ['MONGODB_URL', 'MASTER_KEYS', 'REDIS_URL', 'PORT'],
        {
          MONGODB_URL: 'mongodb://gavel@db',
          MONGODB_PASSWORD_FILE: '/nowhere/password',
          MASTER_KEYS_FILE: file('\n'),
          REDIS_URL: 'http://cache',
          PORT: '3000',
        },
        {},
      );
    expect(read).toThrow('MONGODB_PASSWORD_FILE names "/nowhere/password", which can\'t be read (ENOENT).');
    expect(read).toThrow('MASTER_KEYS_FILE names');
    expect(read).toThrow('which is empty');
    expect(read).toThrow('REDIS_URL is malformed. Description: Address of Redis or Valkey');
  });
});

describe('a password separate from its address', () => {
  const read = (env: NodeJS.ProcessEnv) =>
    pickSettings(
      ['MONGODB_URL', 'REDIS_URL'],
      { MONGODB_URL: 'mongodb://db', REDIS_URL: 'redis://cache', ...env },
      {},
    );

  test('is inserted into the address', () => {
    const MONGODB_URL = 'mongodb://gavel@a:1,b:2,c:3/?replicaSet=gavel&authSource=admin';
    expect(read({ MONGODB_URL, MONGODB_PASSWORD: 'p@ss/word', REDIS_PASSWORD: 'x:y' })).toEqual({
      MONGODB_URL: 'mongodb://gavel:p%40ss%2Fword@a:1,b:2,c:3/?replicaSet=gavel&authSource=admin',
      REDIS_URL: 'redis://:x%3Ay@cache',
    });
    expect(read({ REDIS_URL: 'rediss://user@cache:6379/1', REDIS_PASSWORD: 'pw' }).REDIS_URL).toBe(
      'rediss://user:pw@cache:6379/1',
    );
    expect(read({ MONGODB_URL: 'mongodb+srv://gavel@db.example', MONGODB_PASSWORD: 'pw' }).MONGODB_URL).toBe(
      'mongodb+srv://gavel:pw@db.example',
    );
  });

  test.each([
    ['REDIS_URL', 'rediss:/:topsecret@h'],
    ['REDIS_URL', 'topsecret'],
    ['REDIS_URL', 'redis://:half/topsecret@h'],
    ['REDIS_URL', 'redis://:half@topsecret@h'],
    ['REDIS_URL', 'redis://:half?topsecret@h'],
    ['REDIS_URL', 'redis://:topsecret@'],
    ['MONGODB_URL', 'mongodb:/gavel:topsecret@h'],
    ['MONGODB_URL', 'mongodb://gavel:topsecret@'],
    ['MONGODB_URL', 'mongodb://gavel:half/topsecret@h'],
    ['MONGODB_URL', 'mongodb://gavel:half@topsecret@h'],
    ['MONGODB_URL', 'mongodb://'],
  ])('is not shown if it is part of an invalid address: %s', (name, address) => {
    expect(() => read({ [name]: address })).toThrow(new RegExp(`^${name} is malformed. Description: `));
    expect(() => read({ [name]: address })).not.toThrow('topsecret');
  });

  test.each([
    'mongodb://db',
    'mongodb://gavel:p%40ss%2Fword@a:1,b:2,[::1]:3/gavel?replicaSet=gavel&tlsCAFile=/etc/ca.pem',
    'mongodb+srv://gavel:pw@db.example?retryWrites=true',
  ])('is accepted in every address that the driver accepts: %s', (MONGODB_URL) => {
    expect(read({ MONGODB_URL })).toMatchObject({ MONGODB_URL });
  });

  test.each(['redis://cache', 'rediss://:p%40ss@[::1]:6379/1?family=6', 'redis://user:pw@cache:6379/'])(
    'is taken in an address that Redis takes: %s',
    (REDIS_URL) => {
      expect(read({ REDIS_URL })).toMatchObject({ REDIS_URL });
    },
  );

  test('is rejected if the address has a password or no user', () => {
    const secret = 'hunter2';
    expect(() => read({ MONGODB_URL: 'mongodb://gavel:old@db', MONGODB_PASSWORD: secret })).toThrow(
      /^MONGODB_URL has a password, and MONGODB_PASSWORD is set too. Remove one of the two.$/,
    );
    expect(() => read({ MONGODB_PASSWORD: secret })).toThrow(
      /^MONGODB_PASSWORD is set, but MONGODB_URL names no user/,
    );
  });
});
