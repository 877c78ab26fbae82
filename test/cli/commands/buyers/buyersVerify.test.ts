import type { AddressInfo } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { startSimulatedBuyer, type ProfileName } from '../../../../src/local/simulatedBuyer.js';
import { gavel } from '../../gavel.js';

const GAVEL_SECRET = `whsec_${Buffer.from('a secret of thirty-two characters').toString('base64')}`;

describe('gavel buyers verify', () => {
  const urls: Partial<Record<ProfileName, string>> = {};
  beforeAll(async () => {
    const started = await Promise.all(
      (['steady', 'careless'] as const).map(async (profile) => {
        const where = { host: '127.0.0.1', port: 0, secret: GAVEL_SECRET };
        const server = await startSimulatedBuyer({ ...where, profile }, () => undefined);
        urls[profile] = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
        return server;
      }),
    );
    return () => started.map((server) => server.close());
  });

  const verify = (profile: ProfileName, ...more: string[]) =>
    gavel(['buyers', 'verify', urls[profile] ?? '', ...more], { GAVEL_SECRET });

  test('prints a line for each check, and exits with 0 if none fails', async () => {
    const { code, stdout } = await verify('steady');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^passed {3}ping: answered$/m);
    expect(stdout).toMatch(/^\d+ passed, 0 failed, 0 skipped\.$/m);
  });

  test('says of a failure what was sent, what came and what to do, and exits with 1', async () => {
    const { code, stdout, stderr } = await verify('careless');
    expect(code).toBe(1);
    expect(stdout).toContain(
      ['failed   ping: refused without signature', '         sent  a ping without signature'].join('\n'),
    );
    expect(stdout).toMatch(/^ {9}came {2}HTTP 200 \{"bid":30\} after \d+ ms$/m);
    expect(stdout).toContain('         do    check the signature before anything else, and answer 401');
    expect(stderr).toMatch(/^10 of \d+ checks failed\.$/m);
  });

  test('prints one headline when the server has another secret', async () => {
    const other = `whsec_${Buffer.from('another secret of the same length').toString('base64')}`;
    const { code, stdout } = await gavel(['buyers', 'verify', urls.steady ?? ''], { GAVEL_SECRET: other });
    expect(code).toBe(1);
    expect(stdout.match(/^(?:passed|failed|skipped) .*/gm)).toEqual(['failed   ping: answered']);
    expect(stdout).toContain('         do    the request is signed with GAVEL_SECRET');
    expect(stdout).toMatch(/^A signed ping and a signed post fail for this reason, so the other/m);
    expect(stdout).toMatch(/^0 passed, 1 failed, 3\d skipped\.$/m);
  });

  test('prints the report as JSON, without pings for a fixed price', async () => {
    const { code, stdout } = await verify('steady', '--json', '--fixed-price');
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as { ok: boolean; checks: { check: string }[] };
    expect(report).toMatchObject({ ok: true, failed: 0 });
    expect(report.checks.some(({ check }) => check.startsWith('ping'))).toBe(false);
  });

  test('needs the secret and an address', async () => {
    const without = await gavel(['buyers', 'verify', 'http://127.0.0.1:9/'], {});
    expect(without).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('GAVEL_SECRET is not set') as string,
    });
    const malformed = await gavel(['buyers', 'verify', 'http://127.0.0.1:9/'], { GAVEL_SECRET: 'mine' });
    expect(malformed.stderr).toMatch(/^GAVEL_SECRET is malformed.*\(`whsec_` and at least 20 characters/);
    expect(await gavel(['buyers', 'verify', 'buyer.example'], { GAVEL_SECRET })).toMatchObject({ code: 2 });
  });
});
