import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages } from '../../src/local/servers/python.js';
import { compiled } from '../../scripts/compile.mjs';
import { packagesDir } from '../../src/local/servers/findPrograms.js';
import { startServers } from '../../src/local/servers/servers.js';
import { bundleIn } from '../support/compiled.js';
import { readScenario } from '../scenarios/runner/readScenario.js';
import { handleOf, runScenario } from '../scenarios/runner/runScenario.js';
import { openLeadWorld, type LeadWorld } from '../support/timeSkipping.js';
import { toText } from './historyFile.js';
import { LIVES } from './lives.js';

/*
 * Records the histories of the scenarios in lives.ts as JSON files, which every later test run replays:
 *
 *     npx tsx test/histories/record.ts VERSION [LIFE …]
 *
 * With names (`ending/withdrawn-too-late`) it records only those.
 *
 * Keep a version's folder as long as leads started under that version may run: the longest expireAfter of a campaign.
 */

const [version = '', ...named] = process.argv.slice(2);
if (!/^[\w.-]+$/.test(version)) {
  process.stderr.write('The version is missing. Usage: npx tsx test/histories/record.ts VERSION [LIFE …]\n');
  process.exit(1);
}

const here = fileURLToPath(new URL('.', import.meta.url));
const scenarios = fileURLToPath(new URL('../scenarios', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'gavel-histories-'));
const progress = (text: string): void => void process.stderr.write(`${text}\n`);

const servers = await startServers({
  dir,
  env: { PATH: process.env.PATH },
  need: ['redis', 'mongodb'],
  progress,
});
try {
  await installPackages(packagesDir, ['workflow tests'], {
    env: process.env,
    progress,
    processes: servers.processes,
  });
  const { MONGODB_URL = '', REDIS_URL = '' } = servers.addresses;
  const world = await openLeadWorld({
    addresses: { MONGODB_URL, REDIS_URL, TEMPORAL_ADDRESS: '127.0.0.1:1', TEMPORAL_UI_URL: '' },
    timeSkipping: join(packagesDir, 'bin', 'temporal-test-server'),
    bundle: bundleIn(await compiled()),
  });
  for (const life of named.length > 0 ? named : LIVES) await record(world, life);
  await world.close();
} finally {
  await servers.stop();
  rmSync(dir, { recursive: true, force: true });
}

async function record(world: LeadWorld, life: string): Promise<void> {
  const scenario = readScenario(life, readFileSync(join(scenarios, `${life}.yaml`), 'utf8'));
  const history = await runScenario(world, scenario, (_, run) => handleOf(world, run).fetchHistory());
  const file = join(here, version, `${life}.json`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, toText(history));
  progress(`recorded ${life}`);
}
