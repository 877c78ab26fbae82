import { describe, expect, test } from 'vitest';
import { pickSettings, readSettings } from '../src/config.js';

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
