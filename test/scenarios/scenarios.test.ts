import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLeadWorld, type LeadWorld } from '../support/timeSkipping.js';
import { cameOut } from './runner/cameOut.js';
import { compare } from './runner/compare.js';
import { expectPromisesKept } from './runner/promises.js';
import { readAll } from './runner/readAll.js';
import { runScenario } from './runner/runScenario.js';

let world: LeadWorld;

/** A scenario's market is applied anew where it changes, and its runner says so. */
const openWorld = (): Promise<LeadWorld> => openLeadWorld(undefined, true);

beforeAll(async () => {
  world = await openWorld();
});

afterAll(async () => {
  await world.close();
});

/** The same world, or a new one where the clock has run past the scenario's start. */
async function worldBefore(starts: number): Promise<LeadWorld> {
  if ((await world.clock.now()) <= starts) return world;
  await world.close();
  world = await openWorld();
  return world;
}

// In the order of their clocks, because the market's clock only runs ahead.
for (const { file, name, starts, scenario, fault } of readAll()) {
  test(`${name} (${file})`, async () => {
    if (scenario === undefined) throw fault;
    const came = await runScenario(await worldBefore(starts), scenario, cameOut);
    const { expected, actual } = compare(scenario, came);
    expect(actual).toEqual(expected);
    expectPromisesKept(came);
  });
}
