import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLeadWorld, type LeadWorld } from '../support/timeSkipping.js';
import { cameOut } from './runner/cameOut.js';
import { compare } from './runner/compare.js';
import { expectPromisesKept } from './runner/promises.js';
import { readScenario } from './runner/readScenario.js';
import { runScenario } from './runner/runScenario.js';
import type { Scenario } from './runner/schema.js';
import { momentMs } from './runner/time.js';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** In the order of their clocks, because the market's clock only runs ahead; those at any time come last. */
const scenarios = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => ({ file, ...read(file) }))
  .sort((a, b) => a.starts - b.starts || (a.file < b.file ? -1 : 1));

/** A file with faults fails its own test, and no other. */
function read(file: string): { name: string; starts: number; scenario?: Scenario; fault?: unknown } {
  try {
    const scenario = readScenario(file, readFileSync(join(folder, file), 'utf8'));
    const starts = scenario.starts === undefined ? Infinity : momentMs(scenario.starts);
    return { name: scenario.name, starts, scenario };
  } catch (fault) {
    return { name: 'is a scenario', starts: Infinity, fault };
  }
}

let world: LeadWorld;

beforeAll(async () => {
  world = await openLeadWorld();
});

afterAll(async () => {
  await world.close();
});

/** The same world, or a new one where the clock has run past the scenario's start. */
async function worldBefore(starts: number): Promise<LeadWorld> {
  if ((await world.clock.now()) <= starts) return world;
  await world.close();
  world = await openLeadWorld();
  return world;
}

for (const { file, name, starts, scenario, fault } of scenarios) {
  test(`${name} (${file})`, async () => {
    if (scenario === undefined) throw fault;
    const came = await runScenario(await worldBefore(starts), scenario, cameOut);
    const { expected, actual } = compare(scenario, came);
    expect(actual).toEqual(expected);
    expectPromisesKept(came);
  });
}
