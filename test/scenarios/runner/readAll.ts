import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readScenario } from './readScenario.js';
import type { Scenario } from './schema.js';
import { momentMs } from './time.js';

const folder = fileURLToPath(new URL('..', import.meta.url));

/** A file of a scenario; one with faults has them instead, so that it fails its own test and no other. */
export interface ScenarioFile {
  file: string;
  name: string;
  /** UTC ms; `Infinity` where its hour does not matter. */
  starts: number;
  scenario?: Scenario;
  fault?: unknown;
}

/** All scenarios in the order of their clocks, those at any time last. */
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
