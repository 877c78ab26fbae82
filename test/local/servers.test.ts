import { MongoClient } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { isolatedSettings, stackAddresses } from '../support/stack.js';

describe('the servers of a test run', () => {
  it('answer at loopback addresses', () => {
    expect(stackAddresses().MONGODB_URL).toMatch(/^mongodb:\/\/127\.0\.0\.1:/);
  });

  it('give each caller a place of its own', async () => {
    const [one, other] = await Promise.all([isolatedSettings(), isolatedSettings()]);
    expect(one.REDIS_URL).not.toBe(other.REDIS_URL);
    expect(one.MONGODB_DATABASE).not.toBe(other.MONGODB_DATABASE);
    const client = new MongoClient(one.MONGODB_URL);
    expect(await client.db('admin').command({ hello: 1 })).toMatchObject({ isWritablePrimary: true });
    await client.close();
  });
});
