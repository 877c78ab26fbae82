import { readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { join } from 'node:path';
import pc from 'picocolors';
import { findChromium } from './findChromium.js';
import { packageRoot } from '../src/packageRoot.js';
import { Processes } from '../src/local/processes/processes.js';
import { installPackages } from '../src/local/servers/python.js';
import { withoutServers } from '../src/local/runDir.js';
import { packagesDir } from '../src/local/servers/findTemporal.js';
import { showProgress } from '../src/terminal/showProgress.js';
import { onStopRequest } from '../src/terminal/stopRequest.js';

/**
 * `npm test`: the tests on servers, of which many measure time. Beside them, at a lower priority: format, lint, types,
 * dependency rules and the unit tests, which tolerate a busy machine.
 */

interface Check {
  name: string;
  /** A program of Node's within the project, and its arguments. */
  run: [program: string, ...args: string[]];
  /** Printed as it comes; the others only when they fail. */
  streamed?: boolean;
}

interface Result {
  name: string;
  ok: boolean;
  seconds: number;
  /** Processor seconds, those of its own processes included; absent if the system does not say. */
  cpuSeconds?: number;
}

/** The projects of vitest.config.ts, each in one of the two. */
const vitest = (...projects: string[]): Check['run'] => [
  'node_modules/vitest/vitest.mjs',
  'run',
  ...projects.flatMap((project) => ['--project', project]),
];

const lint: Check = {
  name: 'lint and types',
  run: [
    'node_modules/oxlint/bin/oxlint',
    '--type-aware',
    '--type-check',
    '--report-unused-disable-directives-severity',
    'error',
  ],
};
const format: Check = {
  name: 'format',
  run: ['node_modules/oxfmt/bin/oxfmt', '--check', '.'],
};
const rules: Check = {
  name: 'dependency rules',
  run: ['node_modules/dependency-cruiser/bin/dependency-cruise.mjs', 'src', 'workflows', 'activities'],
};
const unitTests: Check = {
  name: 'unit tests',
  run: vitest('unit'),
};
const tests: Check = {
  name: 'tests on servers',
  run: vitest('scenario', 'workflow', 'api', 'e2e', 'browser'),
  streamed: true,
};

const processes = new Processes(join(packageRoot, '.local', 'test', String(process.pid)));
const stop = onStopRequest(() => process.exit(130));
stop.signal.addEventListener('abort', () => void processes.stop());

async function check(
  { name, run: [program, ...args], streamed = false }: Check,
  nice?: number,
): Promise<Result> {
  const started = performance.now();
  const part = processes.start({
    name: `check-${name.replaceAll(' ', '-')}`,
    command: process.execPath,
    args: [join(packageRoot, program), ...args],
    cwd: packageRoot,
    env: { ...process.env, ...(pc.isColorSupported ? { FORCE_COLOR: '1' } : {}) },
    ...(streamed ? { output: 'inherit' } : {}),
  });
  if (nice !== undefined && part.child.pid !== undefined) setPriority(part.child.pid, nice);
  const ok = (await part.ended) === 'exit code 0';
  const result = { name, ok, seconds: (performance.now() - started) / 1000, cpuSeconds: cpuSeconds() };
  if (stop.signal.aborted) return result;
  console.log(line(result));
  if (!ok && !streamed) console.log(readFileSync(part.log, 'utf8'));
  return result;
}

async function inTurn(checks: Check[], nice?: number): Promise<Result[]> {
  const results: Result[] = [];
  for (const each of checks) {
    if (stop.signal.aborted) break;
    results.push(await check(each, nice));
  }
  return results;
}

const givingWay = (nice: number, ...checks: Check[]): Promise<Result[]> =>
  inTurn(checks, Math.max(nice, getPriority()));

function line({ name, ok, seconds, cpuSeconds }: Result): string {
  const figure = (of: number): string => `${of.toFixed(1).padStart(6)} s`;
  const cpu = cpuSeconds === undefined ? '' : `, ${figure(cpuSeconds)} of processor time`;
  return `${ok ? pc.green('passed') : pc.red('FAILED')}  ${name.padEnd(18)} ${figure(seconds)}${cpu}`;
}

let cpuSecondsBefore = 0;

/** Processor time of the children that have ended since the last call, s. Linux counts it in hundredths. */
function cpuSeconds(): number | undefined {
  try {
    const [, fields = ''] = readFileSync('/proc/self/stat', 'utf8').split(') ');
    const [user, system] = fields.split(' ').slice(13, 15).map(Number);
    const all = ((user ?? 0) + (system ?? 0)) / 100;
    const since = all - cpuSecondsBefore;
    cpuSecondsBefore = all;
    return since;
  } catch {
    return undefined;
  }
}

/** Fetches the servers. A failure is reported by the tests that need them. */
async function fetchServers(): Promise<void> {
  const shown = showProgress();
  const env = withoutServers(process.env);
  await installPackages(packagesDir, env, ['the tests'], shown.progress, processes).catch(() => undefined);
  shown.done();
}

const servers = fetchServers();
const lanes = await Promise.all([
  servers.then(() => inTurn([tests])),
  givingWay(10, lint, rules, format),
  givingWay(4, unitTests),
]);
const results = lanes.flat();
await processes.stop();
if (stop.signal.aborted) process.exit(130);
const failed = results.filter(({ ok }) => !ok).map(({ name }) => name);
console.log(`\n${results.map(line).join('\n')}`);
if (findChromium() === undefined) {
  console.log(pc.yellow('skipped the browser tests: no Chromium (install it, or set CHROMIUM_PATH)'));
}
console.log(
  failed.length === 0 ? pc.green('\nAll checks passed.') : pc.red(`\nFailed: ${failed.join(', ')}.`),
);
process.exitCode = failed.length === 0 ? 0 : 1;
