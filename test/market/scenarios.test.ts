import { expect, test } from 'vitest';
import { compare } from '../scenarios/runner/compare.js';
import { readAll } from '../scenarios/runner/readAll.js';
import { runPurely } from '../scenarios/runner/runPurely.js';

/*
 * The scenarios, taken through the rules alone: test/scenarios/scenarios.test.ts takes the same files through the whole
 * engine. A file that says why only the engine can tell it is named and left out.
 */

for (const { file, name, scenario, fault } of readAll()) {
  const { engineOnly } = scenario ?? {};
  if (engineOnly !== undefined) {
    test.skip(`${name} (${file}): by the engine only, because ${engineOnly}`);
    continue;
  }
  test(`${name} (${file})`, () => {
    if (scenario === undefined) throw fault;
    const { expected, actual } = compare(scenario, runPurely(scenario));
    // Postbacks are told by the engine alone: the rules only say when a status changes.
    expect({ ...actual, postbacks: undefined }).toEqual({ ...expected, postbacks: undefined });
  });
}
