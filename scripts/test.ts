import { withoutServers } from '../test/bench/runDir.js';
import { packagesDir } from '../src/local/servers/findPrograms.js';
import { installPackages } from '../src/local/servers/python.js';
import { showProgress } from '../src/terminal/showProgress.js';
import { LINT, QUICK, startChecks, vitest, type Check } from './checks.js';
import { findChromium } from './findChromium.js';

/**
 * `npm test`: the tests on servers, of which many measure time. Beside them, at a lower priority: `npm run check` and the
 * unit tests, which tolerate a busy machine.
 */

const unitTests: Check = { name: 'unit tests', run: vitest('unit') };
const serverTests: Check = {
  name: 'tests on servers',
  run: vitest('scenario', 'workflow', 'api', 'e2e', 'browser'),
  streamed: true,
};

const checks = startChecks();

/** Downloads the servers. A failure is reported by the tests that need them. */
async function fetchServers(): Promise<void> {
  const shown = showProgress();
  const env = withoutServers(process.env);
  await installPackages(packagesDir, ['the tests'], {
    env,
    progress: shown.progress,
    processes: checks.processes,
  }).catch(() => undefined);
  shown.done();
}

const servers = fetchServers();
await Promise.all([
  servers.then(() => checks.inTurn([serverTests])),
  // One after the other: scenarios have an answer window to keep beside them.
  checks.inTurn([LINT, ...QUICK], 10).then(() => checks.inTurn([unitTests], 4)),
]);
await checks.finish(
  findChromium() === undefined
    ? ['skipped the browser tests: no Chromium (install it, or set CHROMIUM_PATH)']
    : [],
);
