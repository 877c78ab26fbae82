import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Settings } from '../../../../src/config.js';
import { openDatabase, type Database } from '../../../../src/store/db.js';
import { findNamedSecret } from '../../../../src/store/keys/namedSecrets.js';
import { findBuyer } from '../../../../src/store/market/storedTerms.js';
import { storePayload } from '../../../../src/store/leads/payloads.js';
import { asEnvironment } from '../../../support/asEnvironment.js';
import { scratchDir } from '../../../support/scratchDir.js';
import { isolatedSettings } from '../../../support/stack.js';
import { gavel, type Ran } from '../../gavel.js';

const MARKET = `
sellers:
  - code: ACME1234
    slug: acme
    name: Acme
    sources:
      forms:
        inbound:
          once: id
          fields:
            category: { const: Boats }
            phone: { from: tel, as: phone }
            state: { from: state }
            homeowner: { from: owner, lookup: { Own: 'yes' }, else: refuse }
buyers:
  - { id: northwind, name: Northwind, post: { url: 'https://northwind.example/post', timeoutMs: 5000 } }
`;

describe('gavel sources', () => {
  let settings: Settings;
  let database: Database;
  const dir = scratchDir();
  beforeAll(async () => {
    settings = await isolatedSettings();
    database = openDatabase(settings);
    const market = join(dir, 'market.yaml');
    writeFileSync(market, MARKET);
    expect((await run(['apply', market, '--yes'])).code).toBe(0);
  });
  afterAll(async () => {
    await database.db.dropDatabase();
    await database.client.close();
  });

  const run = (args: string[], input = ''): Promise<Ran> => gavel(args, asEnvironment(settings), input);

  const sample = (name: string, text: string): string => {
    const file = join(dir, name);
    writeFileSync(file, text);
    return file;
  };

  test('try says of each field what a sample becomes, or why it is missing', async () => {
    const file = sample('body.json', '{"id":7,"tel":"(214) 555-0187","stat":"TX","owner":"Rent"}');
    const { stdout, code } = await run(['sources', 'try', 'forms', '--sample', file]);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toEqual([
      'category   Boats',
      'phone      +12145550187  (sent as (214) 555-0187)',
      'state      missing: nothing at state; there is "stat"',
      'homeowner  refused: none of the values that the lookup lists',
      'It is a lead, recognised by 7.',
    ]);
  });

  test('try reads a recorded HTTP request', async () => {
    const file = sample(
      'form.http',
      'POST /in/forms HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\ntel=214-555-0187&state=TX&owner=Own',
    );
    const { stdout } = await run(['sources', 'try', 'forms', '--sample', file, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ leads: [{ test: false }], ignored: 0 });
  });

  test('failed lists requests without personal data, --show prints one, and replay has them taken again', async () => {
    const id = await storePayload(database, {
      seller: 'ACME1234',
      source: 'forms',
      key: 'key_0',
      test: false,
      state: 'failed',
      reason: 'Correct these fields: phone (missing).',
      payload: { body: Buffer.from('{"first":"Marisol"}') },
      now: new Date(),
    });
    const listed = await run(['sources', 'failed', 'forms']);
    expect(listed.stdout).toContain('phone (missing)');
    expect(listed.stdout).not.toContain('Marisol');
    expect((await run(['sources', 'failed', '--show', id])).stdout.trim()).toBe('{"first":"Marisol"}');
    expect((await run(['sources', 'replay', 'forms'])).stdout.trim()).toBe('1 request is taken again.');
    expect(await database.payloads.findOne({ _id: id })).toMatchObject({ state: 'due' });
  });

  test('market show --expanded writes presets out', async () => {
    const change = sample(
      'change.yaml',
      'sellers: [{ code: ACME1234, sources: { forms: { inbound: { preset: jotform } } } }]',
    );
    expect((await run(['apply', change, '--yes'])).code).toBe(0);
    expect((await run(['market', 'show'])).stdout).not.toContain('rawRequest');
    expect((await run(['market', 'show', '--expanded'])).stdout).toContain('json: rawRequest');
  });

  test('a secret is set from standard input, listed by its name, and removed', async () => {
    expect((await run(['secrets', 'list'])).stderr).toContain('There are none');
    await run(['secrets', 'set', 'TYPEFORM'], 'hush hush\n');
    expect(await findNamedSecret(database, 'TYPEFORM')).toBe('hush hush');
    const listed = await run(['secrets', 'list']);
    expect(listed.stdout).toContain('TYPEFORM');
    expect(listed.stdout + listed.stderr).not.toContain('hush');
    expect((await run(['secrets', 'remove', 'TYPEFORM'])).code).toBe(0);
    expect((await run(['secrets', 'remove', 'TYPEFORM'])).code).toBe(1);
  });

  test('a buyer’s secret and that of a sender can have one name', async () => {
    await run(['secrets', 'set', 'KEY'], 'of a sender\n');
    const set = await run(['secrets', 'set', 'KEY', '--buyer', 'northwind'], 'of northwind\n');
    expect(set.stderr).toContain('KEY of northwind is set');
    expect(await findNamedSecret(database, 'KEY')).toBe('of a sender');
    expect((await findBuyer(database, 'northwind'))?.secrets('KEY')).toBe('of northwind');
    const { stdout } = await run(['secrets', 'list', '--buyer', 'northwind', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ secrets: [{ name: 'KEY', buyer: 'northwind' }] });
    expect((await run(['secrets', 'remove', 'KEY', '--buyer', 'northwind'])).code).toBe(0);
    expect((await run(['secrets', 'list', '--buyer', 'northwind'])).stderr).toContain('There are none');
    expect(await findNamedSecret(database, 'KEY')).toBe('of a sender');
    expect((await run(['secrets', 'set', 'KEY', '--buyer', 'nobody'], 'x\n')).code).toBe(1);
  });
});
