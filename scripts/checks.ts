import { readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { join } from 'node:path';
import pc from 'picocolors';
import { Processes } from '../src/local/processes/processes.js';
import { packageRoot } from '../src/packageRoot.js';
import { onStopRequest } from '../src/terminal/stopRequest.js';

/** The checks of `npm run check` and `npm test`, and what runs them and prints how they went. */

export interface Check {
  name: string;
  /** A program of Node's within the project, and its arguments. */
  run: [program: string, ...args: string[]];
  /** Printed as it comes; the others only when they fail. */
  streamed?: boolean;
}

/** Lines of a failed check's output that are repeated at the end. */
const REPEATED_LINES = 80;

interface Result {
  name: string;
  ok: boolean;
  /** The last lines of its output, if it failed and other output comes after them. */
  said?: string;
  seconds: number;
  /** Processor seconds, including those of its own child processes; absent if the system does not report them. */
  cpuSeconds?: number;
}

/** Checks of the source that start nothing: one takes most of the time, the others run beside it. */
export const LINT: Check = {
  name: 'lint and types',
  run: [
    'node_modules/oxlint/bin/oxlint',
    '--type-aware',
    '--type-check',
    '--report-unused-disable-directives-severity',
    'error',
  ],
};
export const QUICK: Check[] = [
  { name: 'format', run: ['node_modules/oxfmt/bin/oxfmt', '--check', '.'] },
  { name: 'plain English', run: ['scripts/plainEnglish.mjs'] },
  {
    name: 'dependency rules',
    run: [
      'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
      'src',
      'workflows',
      'activities',
      'clients',
      'test/bench/workflows',
    ],
  },
];

/** Tests of some projects of vitest.config.ts. */
export const vitest = (...projects: string[]): Check['run'] => [
  'node_modules/vitest/vitest.mjs',
  'run',
  ...projects.flatMap((project) => ['--project', project]),
];

export interface Checks {
  processes: Processes;
  /** Runs checks one after another, at a lower priority if `nice` is given. */
  inTurn(checks: Check[], nice?: number): Promise<void>;
  /** Ends what is still running, prints the summary, and sets the exit code. */
  finish(notes?: string[]): Promise<void>;
}

/** A run of checks; a stop request ends all of them. */
export function startChecks(): Checks {
  const processes = new Processes(join(packageRoot, '.local', 'test', String(process.pid)));
  const stop = onStopRequest(() => process.exit(130));
  stop.signal.addEventListener('abort', () => void processes.stop());
  const results: Result[] = [];
  let isStreaming = false;

  async function check(
    { name, run: [program, ...args], streamed = false }: Check,
    nice?: number,
  ): Promise<void> {
    const started = performance.now();
    isStreaming ||= streamed;
    const part = processes.start({
      name: `check-${name.replaceAll(' ', '-')}`,
      command: process.execPath,
      args: [join(packageRoot, program), ...args],
      cwd: packageRoot,
      env: { ...process.env, ...(pc.isColorSupported ? { FORCE_COLOR: '1' } : {}) },
      output: streamed ? 'inherit' : undefined,
    });
    if (nice !== undefined && part.child.pid !== undefined)
      setPriority(part.child.pid, Math.max(nice, getPriority()));
    const ok = (await part.ended) === 'exit code 0';
    if (stop.signal.aborted) return;
    const seconds = (performance.now() - started) / 1000;
    const result: Result = { name, ok, seconds, cpuSeconds: cpuSeconds() };
    results.push(result);
    console.log(line(result));
    if (ok || streamed) return;
    const output = readFileSync(part.log, 'utf8').trimEnd();
    console.log(output);
    if (isStreaming) result.said = output.split('\n').slice(-REPEATED_LINES).join('\n');
  }

  return {
    processes,
    inTurn: async (checks, nice) => {
      for (const each of checks) {
        if (stop.signal.aborted) return;
        await check(each, nice);
      }
    },
    finish: async (notes = []) => {
      await processes.stop();
      if (stop.signal.aborted) process.exit(130);
      const failed = results.filter(({ ok }) => !ok).map(({ name }) => name);
      for (const { name, said } of results)
        if (said !== undefined) console.log(`\nThe end of ${name}:\n${said}`);
      console.log(`\n${results.map(line).join('\n')}`);
      for (const note of notes) console.log(pc.yellow(note));
      console.log(
        failed.length === 0 ? pc.green('\nAll checks passed.') : pc.red(`\nFailed: ${failed.join(', ')}.`),
      );
      process.exitCode = failed.length === 0 ? 0 : 1;
      stop.dispose();
    },
  };
}

function line({ name, ok, seconds, cpuSeconds }: Result): string {
  const figure = (value: number): string => `${value.toFixed(1).padStart(6)} s`;
  const cpu = cpuSeconds === undefined ? '' : `, ${figure(cpuSeconds)} of processor time`;
  return `${ok ? pc.green('passed') : pc.red('FAILED')}  ${name.padEnd(18)} ${figure(seconds)}${cpu}`;
}

let cpuSecondsBefore = 0;

/** Processor time of the child processes that have ended since the last call, s. Linux reports it in hundredths. */
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
