import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLeadWorld, type LeadWorld } from '../support/timeSkipping.js';
import { compare } from './runner/compare.js';
import { expectInvariants } from './runner/invariants.js';
import { readAll } from './runner/readAll.js';
import { collectResults } from './runner/results.js';
import { runScenario } from './runner/runScenario.js';

let world: LeadWorld;

/** Keeps a market in memory until the runner says that it has changed. */
const openWorld = (): Promise<LeadWorld> => openLeadWorld(undefined, true);

beforeAll(async () => {
  world = await openWorld();
});

afterAll(async () => {
  await world.close();
});

/** The same world, or a new one if the clock has passed the scenario's start. */
async function worldBefore(starts: number): Promise<LeadWorld> {
  if ((await world.clock.now()) <= starts) return world;
  await world.close();
  world = await openWorld();
  return world;
}

// In the order of their start times, because the market's clock only moves forward.
for (const { file, name, starts, scenario, fault } of readAll()) {
  test(`${name} (${file})`, async () => {
    if (scenario === undefined) throw fault;
    const results = await runScenario(await worldBefore(starts), scenario, collectResults);
    const { expected, actual } = compare(scenario, results);
    expect(actual).toEqual(expected);
    expectInvariants(results);
  });
}
