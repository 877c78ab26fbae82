import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerSearchAttributes } from '../../src/worker/registerSearchAttributes.js';
import { readPage } from '../docs/page.js';
import { isolatedSettings } from '../support/stack.js';

const queries = readPage('docs/ops.md').codes.flatMap(({ lang, text }) => (lang === 'sql' ? [text] : []));

let connection: Connection;
let client: Client;

beforeAll(async () => {
  const { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace } = await isolatedSettings();
  connection = await Connection.connect({ address });
  client = new Client({ connection, namespace });
  await registerSearchAttributes(connection, namespace);
});

afterAll(async () => {
  await connection.close();
});

describe('A query in docs/ops.md', () => {
  test.each(queries)('is valid in Temporal: %s', async (query) => {
    expect(typeof (await client.workflow.count(query)).count).toBe('number');
  });

  test('is rejected if it names an unknown search attribute', async () => {
    await expect(client.workflow.count('LeadMood = "good"')).rejects.toThrow();
  });
});
