import { expect, test } from 'vitest';
import { FAULTS } from './torture/faults.js';
import { FLEETING } from './torture/market.js';
import type { Stage } from './torture/stage.js';

test('The torture suspends a process across the next lead deadline that it can still reach', async () => {
  const now = Date.now();
  const endsIn = (ms: number) => ({ receivedAt: new Date(now + ms - FLEETING.expireAfterMs) });
  const found: object[] = [];
  const find = (which: object) => {
    found.push(which);
    return { toArray: () => Promise.resolve([endsIn(1500), endsIn(900), endsIn(100), endsIn(-50)]) };
  };
  const at: Record<string, number> = {};
  const part = { pause: () => (at.paused = Date.now() - now), resume: () => (at.resumed = Date.now() - now) };
  const stage = { database: { leads: { find } }, parts: { database: part } } as unknown as Stage;
  const step = { fault: 'pauseAcrossADeadline', parts: ['database'], lastsMs: 600, afterMs: 0 } as const;
  await FAULTS.pauseAcrossADeadline.play(stage, { ...step, parts: [...step.parts] });
  expect(found).toMatchObject([{ campaign: FLEETING.campaign }]);
  expect(at.paused).toBeGreaterThan(550);
  expect(at.paused).toBeLessThan(900);
  expect(at.resumed).toBeGreaterThan(900);
});
