import { afterAll, beforeAll, expect, it } from 'vitest';
import { FUZZ_SETTINGS, openField } from '../faults/fuzz/field.js';
import { CUT_REQUESTS } from '../faults/fuzz/request.js';
import { describeFinding, runFuzz, type Field } from '../faults/fuzz/runFuzz.js';
import { openFaultWorld, type FaultWorld } from '../faults/world.js';

/** Truncated bodies come first and take most of the time. */
const SECONDS = 7;

let world: FaultWorld;
let field: Field;
beforeAll(async () => {
  world = await openFaultWorld({ ...FUZZ_SETTINGS, ADMIN_PORT: 0 });
  field = await openField(world.settings, world.database, world.processes);
});
afterAll(() => world.close());

// `npm run fuzz -- --minutes 10` sends more of them.
it('no request ends a process, gets a 5xx or an undocumented answer', async () => {
  const { findings, requests } = await runFuzz(field, {
    seed: 1,
    seconds: SECONDS,
    progress: () => undefined,
  });
  expect(findings.map(describeFinding)).toEqual([]);
  expect(requests).toBeGreaterThan(CUT_REQUESTS);
}, 90_000);
