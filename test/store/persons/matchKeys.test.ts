import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Settings } from '../../../src/config.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import type { PersonHashes } from '../../../src/market/limits/duplicates.js';
import type { Contact } from '../../../src/market/fields/personKeys.js';
import { matchOf } from '../../../src/store/persons/matchKeys.js';
import { isolatedSettings } from '../../support/stack.js';

const newKey = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;

describe('a person', () => {
  let settings: Settings;
  let database: Database;
  beforeAll(async () => {
    settings = await isolatedSettings();
    database = openDatabase(settings);
  });
  afterAll(async () => {
    await database.db.dropDatabase();
    await database.client.close();
  });

  const match = (contact: Contact, by = database): Promise<PersonHashes> => matchOf(by, contact);

  async function withKeys<T>(MASTER_KEYS: string, use: (other: Database) => Promise<T>): Promise<T> {
    const other = openDatabase({ ...settings, MASTER_KEYS });
    try {
      return await use(other);
    } finally {
      await other.client.close();
    }
  }

  test.each([
    ['phone', '+1 212 555 0100', '(212) 555-0100 ext. 7'],
    ['phone', '555-1234', '5551234'],
    ['email', 'Jo@Example.ORG', ' jo@example.org'],
  ])('is recognised by %s in any spelling: %s is %s', async (field, one, other) => {
    const [a, b] = [await match({ [field]: one }), await match({ [field]: other })];
    expect(a).toEqual({ [field]: expect.stringMatching(/^[\w-]{43}$/) as string });
    expect(b).toEqual(a);
  });

  test('is recognised by each of the two, and by no missing field', async () => {
    const both = await match({ phone: '212-555-0100', email: 'jo@example.org' });
    expect(both).toEqual({
      ...(await match({ phone: '2125550100' })),
      ...(await match({ email: 'jo@example.org' })),
    });
    expect(await match({ email: ' ', phone: '' })).toEqual({});
  });

  test('cannot be identified by the hash, which differs between databases', async () => {
    const elsewhere = openDatabase(await isolatedSettings());
    const there = await match({ phone: '212-555-0100' }, elsewhere);
    await elsewhere.db.dropDatabase();
    await elsewhere.client.close();
    expect(there).not.toEqual(await match({ phone: '212-555-0100' }));
  });

  test('is recognised by processes that start concurrently, and after a change of the master key', async () => {
    await database.secrets.deleteMany({});
    const many = Array.from({ length: 8 }, () => openDatabase(settings));
    const hashes = await Promise.all(many.map((each) => match({ phone: '212-555-0100' }, each)));
    await Promise.all(many.map(({ client }) => client.close()));
    expect(new Set(hashes.map(({ phone }) => phone)).size).toBe(1);
    const rotated = await withKeys(`${newKey('next')},${settings.MASTER_KEYS}`, (other) =>
      match({ phone: '212-555-0100' }, other),
    );
    expect(rotated).toEqual(hashes[0]);
  });

  test('can’t be searched without the master key of the database', async () => {
    await match({ phone: '212-555-0100' });
    const look = (keys: string) => withKeys(keys, (other) => match({ phone: '212-555-0100' }, other));
    await expect(look(newKey('another'))).rejects.toThrow(
      'MASTER_KEYS has no key "test", which was used here',
    );
    await expect(look(newKey('test'))).rejects.toThrow(
      '"test" of MASTER_KEYS is not the one that was used here',
    );
    await expect(look('')).rejects.toThrow('MASTER_KEYS is not set');
  });
});
