import { expect, test } from 'vitest';
import { compare } from '../scenarios/runner/compare.js';
import { readAll } from '../scenarios/runner/readAll.js';
import { runPurely } from '../scenarios/runner/runPurely.js';

/*
 * Runs the scenarios through the rules alone. test/scenarios/scenarios.test.ts runs the same files through the whole
 * engine.
 */

for (const { file, name, scenario, fault } of readAll()) {
  test(`${name} (${file})`, async () => {
    if (scenario === undefined) throw fault;
    const { expected, actual } = compare(scenario, await runPurely(scenario));
    expect(actual).toEqual(expected);
  });
}
