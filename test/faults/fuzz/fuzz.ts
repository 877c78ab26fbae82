import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { CommandFailed } from '../../../src/terminal/commandFailed.js';
import { print } from '../../../src/terminal/print.js';
import { runProgram } from '../../../src/cli/runGavel.js';
import { readSettings } from '../../../src/config.js';
import { compiled } from '../../../scripts/compile.mjs';
import { localMasterKeys } from '../../../src/local/localMasterKeys.js';
import { runDir } from '../../bench/runDir.js';
import { showProgress } from '../../../src/terminal/showProgress.js';
import { onStopRequest } from '../../../src/terminal/stopRequest.js';
import { openDatabase } from '../../../src/store/db.js';
import { asEnvironment } from '../../support/asEnvironment.js';
import { gavelIn } from '../../support/compiled.js';
import { gavelProcesses } from '../../support/gavelProcesses.js';
import { startOwnServers } from '../ownServers.js';
import { FUZZ_SETTINGS, openField } from './field.js';
import { describeFinding, runFuzz, type FuzzResult } from './runFuzz.js';

interface Options {
  minutes: number;
  seed: number;
  only?: number;
}

/** `npm run fuzz` */
const program = new Command('fuzz')
  .description('send malformed requests to a running Lead API and admin API, and check that they survive')
  .option('--minutes <count>', 'how long requests are sent', number, 10)
  .option('--seed <number>', 'which requests', number, 1)
  .option('--only <number>', 'send one request of the seed, and show its result', number)
  .exitOverride()
  .showHelpAfterError('Add --help to see how it is used.')
  .action(fuzz);

async function fuzz({ minutes, seed, only }: Options): Promise<void> {
  const shown = showProgress();
  const stop = onStopRequest(() => process.exit(130));
  const dir = runDir('fuzz');
  shown.progress('starting servers and APIs');
  const servers = await startOwnServers(['mongodb', 'redis', 'temporal'], join(dir, 'servers'));
  const settings = readSettings(
    {
      ...servers.addresses,
      ...asEnvironment({ ...FUZZ_SETTINGS, PORT: 0, ADMIN_PORT: 0 }),
      MONGODB_DATABASE: 'fuzz',
      MASTER_KEYS: localMasterKeys(dir),
    },
    {},
  );
  const database = openDatabase(settings);
  const gavel = gavelProcesses(join(dir, 'logs'), gavelIn(await compiled()));
  try {
    const field = await openField(settings, database, gavel);
    const { progress } = shown;
    const result = await runFuzz(field, { seed, seconds: minutes * 60, progress, signal: stop.signal, only });
    shown.done();
    print(describe(result));
    if (result.findings.length > 0) throw new CommandFailed(`A promise was broken with seed ${seed}.`);
  } finally {
    shown.done();
    stop.dispose();
    await gavel.stop();
    await database.client.close();
    await servers.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

function describe({ seed, requests, statuses, findings }: FuzzResult): string {
  const counts = [...statuses]
    .sort(([a], [b]) => a - b)
    .map(([status, count]) => `${status === 0 ? 'none' : status}: ${count}`);
  const found = findings.map((finding) => `- ${describeFinding(finding)}`);
  return [`seed ${seed}: ${requests} requests. Answers ${counts.join(', ')}.`, ...found].join('\n');
}

function number(text: string): number {
  const value = Number(text);
  if (value >= 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It must be a number, 0 or more.');
}

process.exitCode = await runProgram(program, process.argv);
