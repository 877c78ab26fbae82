import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readScenario } from './readScenario.js';
import type { Scenario } from './schema.js';
import { momentMs } from './time.js';

const folder = fileURLToPath(new URL('..', import.meta.url));

/** A scenario file. One with faults has `fault` instead of `scenario`, so that only its own test fails. */
export interface ScenarioFile {
  file: string;
  name: string;
  /** UTC ms; `Infinity` if the time of day does not matter. */
  starts: number;
  scenario?: Scenario;
  fault?: unknown;
}

/** All scenarios in the order of their start times; those without a start time come last. */
export const readAll = (): ScenarioFile[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .map(read)
    .sort((a, b) => a.starts - b.starts || (a.file < b.file ? -1 : 1));

function read(file: string): ScenarioFile {
  try {
    const scenario = readScenario(file, readFileSync(join(folder, file), 'utf8'));
    const starts = scenario.starts === undefined ? Infinity : momentMs(scenario.starts);
    return { file, name: scenario.name, starts, scenario };
  } catch (fault) {
    return { file, name: 'is a scenario', starts: Infinity, fault };
  }
}
