/**
 * Starts each npm script of package.json, also in a bare clone. It is plain JavaScript without dependencies: it checks the
 * Node version, runs `npm ci` if packages are missing, compiles the source if it has changed, and continues in the same
 * process, so that a signal reaches the right one.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [node, , task, ...rest] = process.argv;
const npm = process.ppid;

const VITEST = 'node_modules/vitest/vitest.mjs';

/** What each task runs: `.js` is a compiled file of the product; the others run as they are. */
const entries = {
  start: ['src/cli/gavel.js', 'stack', '--demo'],
  test: ['scripts/test.ts'],
  check: ['scripts/check.ts'],
  dev: ['scripts/dev.ts'],
  unit: [VITEST, 'run', '--project', 'unit'],
  watch: [VITEST, 'watch', '--project', 'unit'],
  scenarios: ['scripts/scenarios.ts'],
  e2e: [VITEST, 'run', '--project', 'e2e', '--project', 'browser'],
  bench: ['test/bench/bench.js'],
  torture: ['test/faults/torture/torture.ts'],
  fuzz: ['test/faults/fuzz/fuzz.ts'],
  protections: ['test/faults/protections/protections.ts'],
  mutation: ['test/mutation/mutation.ts'],
  gavel: ['src/cli/gavel.js'],
  temporal: ['src/cli/gavel.js', 'temporal'],
};

function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Says what is being done, and every three seconds that it goes on. Returns what ends that. */
function narrate(text) {
  console.error(`${text} …`);
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const timer = setInterval(() => console.error(`${text} (${seconds()} s) …`), 3000);
  return () => clearInterval(timer);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(
    `Gavel needs Node 20.19 or newer; this is ${process.versions.node}. Install a newer one (nodejs.org) and try again.`,
  );
}

/**
 * Whether node_modules holds what package-lock.json names. npm writes its own list last, once every package is in
 * place and built, so an install that was cut short has none.
 */
function isInstalled() {
  const done = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(done)) return false;
  const packagesIn = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;
  const installed = packagesIn(done);
  return Object.entries(packagesIn(join(root, 'package-lock.json'))).every(
    ([name, wanted]) =>
      name === '' || wanted.optional === true || installed[name]?.version === wanted.version,
  );
}

/** Runs `npm ci`, by the npm that started us where there is one. */
function install() {
  const done = narrate('Installing packages (npm ci), once');
  const started = Date.now();
  const { npm_execpath: program = '' } = process.env;
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const [command, before] = program.endsWith('npm-cli.js') ? [node, [program]] : ['npm', []];
  const child = spawn(command, [...before, ...args], { cwd: root, stdio: ['ignore', 2, 2] });
  const forward = (signal) => child.kill(signal);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, forward);
  return new Promise((resolve) => {
    child.once('error', () => fail('npm can’t be run. Install npm, or put it on PATH.'));
    child.once('exit', (code, signal) => {
      for (const each of signals) process.off(each, forward);
      done();
      // Ended with it, or by the kill of the npm that started us, which tells nobody.
      if (signal || process.ppid !== npm) process.exit(130);
      if (code !== 0)
        fail(`npm ci failed (exit code ${code}); what it printed above says why. Nothing was started.`);
      console.error(`Packages installed in ${Math.round((Date.now() - started) / 1000)} s.`);
      resolve();
    });
  });
}

/** Returns the path of the file to run; compiles the source first if the entry is a compiled file. */
async function runnable(entry) {
  if (entry.endsWith('.ts')) {
    const { register } = await import('tsx/esm/api');
    register();
    return join(root, entry);
  }
  if (entry.endsWith('.mjs')) return join(root, entry);
  const { compiled } = await import('./compile.mjs');
  let done;
  const dir = await compiled(() => (done = narrate('Compiling, once')));
  done?.();
  return join(dir, entry);
}

checkNode();
const [entry, ...first] = entries[task] ?? fail(`bootstrap.mjs knows ${Object.keys(entries).join(', ')}.`);
if (!isInstalled()) await install();
process.setSourceMapsEnabled(true);
const path = await runnable(entry);
process.argv = [node, path, ...first, ...rest];
await import(pathToFileURL(path).href);
