import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { pickSettings, readSettings, TEMPORAL_SETTINGS } from '../src/config.js';

const key = (id: string, bytes = 32): string => `${id}:${Buffer.alloc(bytes, id).toString('base64')}`;

describe('the master keys', () => {
  const stack = { MONGODB_URL: 'mongodb://127.0.0.1:1', MASTER_KEYS: key('local') };
  const read = (env: NodeJS.ProcessEnv, local: Record<string, string> = {}) =>
    pickSettings(['MASTER_KEYS'], env, local).MASTER_KEYS;

  test('are one or several, each of 32 bytes with a name', () => {
    for (const keys of [key('a'), `${key('2026')},${key('2025')},${key('old_one')}`]) {
      expect(read({ MASTER_KEYS: keys })).toBe(keys);
    }
  });

  test.each([key('a', 31), key('a', 33), key(''), key('a b'), `${key('a')},`, key('a').slice(2)])(
    'of another form are refused without being shown: %s',
    (MASTER_KEYS) => {
      expect(() => read({ MASTER_KEYS })).toThrow(/^MASTER_KEYS is not of its form, which can't be used: /);
      const secret = MASTER_KEYS.replace(/^.*:/, '');
      expect(() => read({ MASTER_KEYS })).not.toThrow(secret);
    },
  );

  test('have no default: nothing that stores leads starts without them', () => {
    expect(() => readSettings({ ...stack, MASTER_KEYS: '' }, {})).toThrow('MASTER_KEYS is not set');
  });

  test('of a local stack are for its own database and no other', () => {
    expect(read({}, stack)).toBe(stack.MASTER_KEYS);
    expect(read({ MONGODB_URL: stack.MONGODB_URL }, stack)).toBe(stack.MASTER_KEYS);
    expect(() => read({ MONGODB_URL: 'mongodb://db.example' }, stack)).toThrow('MASTER_KEYS is not set');
  });
});

describe('the way to Temporal', () => {
  const PEM = fileURLToPath(import.meta.url);
  const read = (env: NodeJS.ProcessEnv) =>
    pickSettings(TEMPORAL_SETTINGS, { TEMPORAL_ADDRESS: 'temporal.example:7233', ...env }, {});
  // -----BEGIN what makes this very file one that may be taken for a certificate-----
  const pair = { TEMPORAL_TLS_CLIENT_CERT_PATH: PEM, TEMPORAL_TLS_CLIENT_KEY_PATH: PEM };

  test('is plain unless something is set', () => {
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
    [{ TEMPORAL_TLS: 'perhaps' }, 'TEMPORAL_TLS is "perhaps", which can\'t be used'],
    [{ TEMPORAL_TLS_SERVER_NAME: 'a b' }, 'TEMPORAL_TLS_SERVER_NAME is "a b", which can\'t be used'],
  ])('says what is wrong with %j', (env, message) => {
    expect(() => read(env)).toThrow(message);
  });

  test("never shows an API key that can't be used", () => {
    expect(() => read({ TEMPORAL_API_KEY: 'half a key' })).toThrow(
      /^TEMPORAL_API_KEY is not of its form, which can't be used: /,
    );
  });
});
