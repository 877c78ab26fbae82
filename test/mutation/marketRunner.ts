import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { InstrumenterContext } from '@stryker-mutator/api/core';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import {
  determineHitLimitReached,
  DryRunStatus,
  TestStatus,
  toMutantRunResult,
  type DryRunResult,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
} from '@stryker-mutator/api/test-runner';
import { collectTests, getFn, getHooks, type Task, type VitestRunner } from '@vitest/runner';
import fc from 'fast-check';

/*
 * Runs the tests of test/market within one process and keeps them loaded from mutant to mutant. Stryker's own runner
 * for Vitest starts a worker and imports every test again for each mutant: seconds instead of milliseconds, which for
 * all of src/market are hours.
 */

interface MarketTest {
  id: string;
  name: string;
  file: string;
  run: () => unknown;
}

/** What the dry run found out about each test, for the processes that run mutants. */
type Findings = Record<string, { ms: number; isWhole: boolean }>;

/** A property stops after this time, whatever its number of runs: a mutant that survives costs the time of all its tests. */
const PROPERTY_MS = 200;
/** A mutant has survived when it has survived this much of the processor's time. */
const BUDGET_MS = 1000;
const PROBE_MS = 20;
/** Tests that measure time fail by the instrumentation alone. */
const MEASURES_TIME = /tenth of a second|in a moment$/;
/** In the sandbox. */
const FINDINGS = 'mutation-findings.json';
const SEED = 20_240_229;

/** What instrumented code reads and writes. */
const instrumenter: InstrumenterContext = ((
  globalThis as unknown as { __stryker__?: InstrumenterContext }
).__stryker__ ??= {});

class MarketTestRunner implements TestRunner {
  #tests: MarketTest[] | undefined;
  #findings: Findings = existsSync(FINDINGS) ? (JSON.parse(readFileSync(FINDINGS, 'utf8')) as Findings) : {};

  capabilities() {
    return { reloadEnvironment: false };
  }

  async dryRun(): Promise<DryRunResult> {
    const tests: TestResult[] = [];
    for (const test of await this.#load()) {
      instrumenter.currentTestId = test.id;
      // A test that counts its cases needs them all.
      const isWhole = (await resultOf(test, PROBE_MS)).status === TestStatus.Failed;
      const result = await resultOf(test, isWhole ? undefined : PROPERTY_MS);
      this.#findings[test.id] = { ms: result.timeSpentMs, isWhole };
      tests.push(result);
    }
    instrumenter.currentTestId = undefined;
    writeFileSync(FINDINGS, JSON.stringify(this.#findings));
    return { status: DryRunStatus.Complete, tests, mutantCoverage: coverage() };
  }

  async mutantRun({
    activeMutant,
    testFilter,
    hitLimit,
    mutantActivation,
    sandboxFileName,
  }: MutantRunOptions): Promise<MutantRunResult> {
    const isFresh = this.#tests === undefined;
    instrumenter.hitCount = 0;
    instrumenter.hitLimit = hitLimit;
    if (mutantActivation === 'static') instrumenter.activeMutant = activeMutant.id;
    try {
      const tests = await this.#load();
      instrumenter.activeMutant = activeMutant.id;
      const wanted = testFilter && new Set(testFilter);
      const mirror = dirname(relative('', sandboxFileName)).replace(/^src/, 'test');
      const isFar = ({ file }: MarketTest) => (dirname(file) === mirror ? 0 : 1);
      const ms = ({ id }: MarketTest) => this.#findings[id]?.ms ?? 0;
      const chosen = tests.filter(({ id }) => wanted?.has(id) ?? true);
      chosen.sort((a, b) => isFar(a) - isFar(b) || ms(a) - ms(b));
      const result = await runUntilFailure(chosen, this.#findings);
      const isHit = instrumenter.hitCount > 0;
      instrumenter.activeMutant = undefined;
      if (!isFresh && (await isStale(result, isHit, chosen, this.#findings)))
        throw new Error('Tests need a new process');
      return toMutantRunResult(result);
    } catch (error) {
      // A static mutant can make the import of a test fail.
      if (mutantActivation !== 'static') throw error;
      return toMutantRunResult({ status: DryRunStatus.Complete, tests: [failedImport(error)] });
    } finally {
      instrumenter.activeMutant = undefined;
    }
  }

  async #load(): Promise<MarketTest[]> {
    if (this.#tests !== undefined) return this.#tests;
    const root = process.cwd();
    const names = readdirSync(join(root, 'test/market'), { recursive: true, encoding: 'utf8' });
    const paths = names
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => join(root, 'test/market', name));
    const files = await collectTests(paths.sort(), collector(root));
    const broken = files.flatMap(({ result }) => result?.errors ?? []);
    if (broken[0] !== undefined) throw new Error(broken[0].message);
    for (const file of files) for (const hook of getHooks(file).beforeAll) await (hook as () => unknown)();
    return (this.#tests = files.flatMap((file) => testsIn(file.tasks, relative(root, file.filepath))));
  }
}

function collector(root: string): VitestRunner {
  return {
    config: {
      root,
      setupFiles: [],
      name: '',
      passWithNoTests: false,
      testNamePattern: undefined,
      allowOnly: false,
      sequence: { seed: 0, hooks: 'stack', setupFiles: 'list' },
      maxConcurrency: 1,
      testTimeout: 60_000,
      hookTimeout: 60_000,
      chaiConfig: undefined,
      retry: 0,
      includeTaskLocation: false,
      tags: [],
      tagsFilter: undefined,
      strictTags: false,
    },
    importFile: (path) => import(pathToFileURL(path).href),
    trace: (_name: string, ...rest: unknown[]) => (rest.at(-1) as () => unknown)(),
  };
}

function testsIn(tasks: Task[], file: string): MarketTest[] {
  return tasks.flatMap((task) => {
    if (task.type === 'suite') return testsIn(task.tasks, file);
    const name = task.fullTestName;
    if (MEASURES_TIME.test(name)) return [];
    return { id: `${task.id} ${name}`, name, file, run: getFn(task) };
  });
}

async function runUntilFailure(tests: MarketTest[], findings: Findings): Promise<DryRunResult> {
  const results: TestResult[] = [];
  const before = process.cpuUsage();
  for (const test of tests) {
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1000 > BUDGET_MS) break;
    const result = await resultOf(test, limitOf(test, findings));
    results.push(result);
    const timeout = determineHitLimitReached(instrumenter.hitCount, instrumenter.hitLimit);
    if (timeout !== undefined) return timeout;
    if (result.status === TestStatus.Failed) break;
  }
  return { status: DryRunStatus.Complete, tests: results };
}

const limitOf = ({ id }: MarketTest, findings: Findings): number | undefined =>
  findings[id]?.isWhole === true ? undefined : PROPERTY_MS;

async function resultOf({ id, name, file, run }: MarketTest, propertyMs?: number): Promise<TestResult> {
  // oxlint-disable-next-line typescript/no-deprecated -- The plugin that replaces it can't be set for all properties.
  fc.configureGlobal({ interruptAfterTimeLimit: propertyMs, endOnFailure: true, seed: SEED });
  const started = performance.now();
  const told = () => ({ id, name, fileName: file, timeSpentMs: Math.round(performance.now() - started) });
  try {
    await run();
    return { ...told(), status: TestStatus.Success };
  } catch (error) {
    return { ...told(), status: TestStatus.Failed, failureMessage: String(error) };
  }
}

function failedImport(error: unknown): TestResult {
  return {
    id: 'import',
    name: 'import',
    timeSpentMs: 0,
    status: TestStatus.Failed,
    failureMessage: String(error),
  };
}

/**
 * Whether what earlier mutants left in caches of the market decided the result: the mutated code did not run because its
 * results were cached, or the test fails without the mutant, too. Stryker then repeats the run in a new process.
 */
async function isStale(
  result: DryRunResult,
  isHit: boolean,
  tests: readonly MarketTest[],
  findings: Findings,
): Promise<boolean> {
  if (result.status !== DryRunStatus.Complete) return false;
  const failed = result.tests.find(({ status }) => status === TestStatus.Failed);
  const killer = tests.find(({ id }) => id === failed?.id);
  if (killer === undefined) return !isHit;
  return (await resultOf(killer, limitOf(killer, findings))).status === TestStatus.Failed;
}

/**
 * A mutant counts as static only when no test reaches it: code that runs while a test file loads usually runs in a
 * test, too, and then needs no new process.
 */
function coverage() {
  const { static: atLoad = {}, perTest = {} } = instrumenter.mutantCoverage ?? {};
  const inTests = new Set(Object.values(perTest).flatMap((hits) => Object.keys(hits)));
  return { perTest, static: Object.fromEntries(Object.entries(atLoad).filter(([id]) => !inTests.has(id))) };
}

export const marketRunner = declareClassPlugin(PluginKind.TestRunner, 'market', MarketTestRunner);
