import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CommandFailed } from '../../../src/terminal/commandFailed.js';
import { print, table } from '../../../src/terminal/print.js';
import { runProgram } from '../../../src/cli/runGavel.js';
import { packageRoot } from '../../../src/packageRoot.js';
import { Processes } from '../../../src/local/processes/processes.js';
import { runDir } from '../../bench/runDir.js';
import { packagesDir } from '../../../src/local/servers/findPrograms.js';
import { showProgress } from '../../../src/terminal/showProgress.js';
import { onStopRequest } from '../../../src/terminal/stopRequest.js';
import { PROTECTIONS, unprotected, type Protection } from './list.js';

/** What a copy shares with the repository, or does not need. */
const NOT_COPIED = new Set(['.git', '.local', 'node_modules']);

/** `npm run protections` */
const program = new Command('protections')
  .description('remove one protection at a time and check that its test fails')
  .option('--only <words>', 'try only protections whose name contains these words')
  .addOption(
    new Option('--part <k/n>', 'try only the k-th of n parts, so that several runs share the work')
      .argParser(part)
      .default({ k: 1, n: 1 }, 'all'),
  )
  .exitOverride()
  .showHelpAfterError('Add --help for usage.')
  .action(tryAll);

/** The outcome of a test, `absent` if no test has the name, and its output. */
interface Outcome {
  outcome: 'passed' | 'failed' | 'absent';
  said: string;
}

/** The outcomes of a protection's test with the protection and without it. */
interface Row {
  protection: Protection;
  whole: Outcome;
  without: Outcome;
}

function faultOf({ protection: { name }, whole, without }: Row): string | undefined {
  if (whole.outcome !== 'passed') return `${name}: its test fails without the change. ${whole.said}`;
  return without.outcome === 'failed' ? undefined : `${name}: its test passes without the protection.`;
}

interface Options {
  only?: string;
  part: { k: number; n: number };
}

function part(text: string): Options['part'] {
  const [k = 0, n = 0] = /^\d{1,2}\/\d{1,2}$/.test(text) ? text.split('/').map(Number) : [];
  if (k < 1 || k > n) throw new InvalidArgumentError('It must be like 2/3: the second of three parts.');
  return { k, n };
}

async function tryAll({ only = '', part: { k, n } }: Options): Promise<void> {
  const named = PROTECTIONS.filter(({ name }) => name.toLowerCase().includes(only.toLowerCase()));
  const chosen = named.filter((_, i) => i % n === k - 1);
  const dir = runDir('protections');
  const processes = new Processes(join(dir, 'logs'));
  const shown = showProgress();
  const stop = onStopRequest(() => process.exit(130));
  stop.signal.addEventListener('abort', () => void processes.stop().then(() => process.exit(130)));
  try {
    const copy = copyRepository(dir);
    const rows: Row[] = [];
    for (const [i, protection] of chosen.entries()) {
      shown.progress(`${i + 1} of ${chosen.length}: ${protection.name}`);
      const path = join(copy, protection.file);
      const source = readFileSync(path, 'utf8');
      const whole = await outcomeOf(processes, copy, protection);
      writeFileSync(path, unprotected(source, protection));
      const without = await outcomeOf(processes, copy, protection);
      writeFileSync(path, source);
      const row = { protection, whole, without };
      rows.push(row);
      const fault = faultOf(row);
      if (fault !== undefined) shown.progress(fault);
    }
    shown.done();
    print(
      table(
        ['with', 'without', 'protection'],
        rows.map(({ protection, whole, without }) => [whole.outcome, without.outcome, protection.name]),
      ),
    );
    const untold = rows.flatMap((row) => faultOf(row) ?? []);
    if (untold.length > 0) throw new CommandFailed(untold.join('\n'));
  } finally {
    shown.done();
    stop.dispose();
    await processes.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A copy whose files can be changed. It shares the installed packages. */
function copyRepository(dir: string): string {
  const copy = join(dir, 'copy');
  for (const name of readdirSync(packageRoot)) {
    if (NOT_COPIED.has(name)) continue;
    cpSync(join(packageRoot, name), join(copy, name), { recursive: true });
  }
  mkdirSync(join(copy, '.local'));
  symlinkSync(join(packageRoot, 'node_modules'), join(copy, 'node_modules'));
  symlinkSync(packagesDir, join(copy, '.local', 'python'));
  return copy;
}

/** Runs only the named test of its file. */
async function outcomeOf(processes: Processes, copy: string, { test }: Protection): Promise<Outcome> {
  const [project, file, name] = test;
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const pattern = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const args = [
    'run',
    '--project',
    project,
    file,
    '-t',
    pattern,
    '--reporter=json',
    `--outputFile=${report}`,
  ];
  const part = processes.start({
    name: 'vitest',
    command: process.execPath,
    args: [join(copy, 'node_modules', 'vitest', 'vitest.mjs'), ...args],
    cwd: copy,
  });
  await part.ended;
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: {
      message: string;
      assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
    }[];
  };
  const ran = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ fullName, status }) => fullName.includes(name) && status !== 'skipped'),
  );
  const said = [
    ...testResults.map(({ message }) => message),
    ...ran.flatMap(({ failureMessages }) => failureMessages),
  ].join('\n');
  if (ran.some(({ status }) => status === 'failed')) return { outcome: 'failed', said };
  if (ran.length > 0 && ran.every(({ status }) => status === 'passed')) return { outcome: 'passed', said };
  return { outcome: 'absent', said: `${said}\n${readFileSync(part.log, 'utf8')}` };
}

process.exitCode = await runProgram(program, process.argv);
