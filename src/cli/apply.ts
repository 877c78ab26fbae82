import { InvalidArgumentError, type Command } from 'commander';
import Value from 'typebox/value';
import { ApiError } from '../api/apiError.js';
import { IfMatch, putMarket } from '../api/admin/market.js';
import type { Fault } from '../market/file/fault.js';
import { parseMarket } from '../market/file/parseMarket.js';
import { adminCommand, useAdmin } from './admin.js';
import { CommandFailed } from './commandFailed.js';
import { describeChanges } from './describeChanges.js';
import { faultsIn, faultsText } from './faultsText.js';
import { print, printError, printJson } from './print.js';
import { readText } from './readText.js';

interface Options {
  prune: boolean;
  dryRun: boolean;
  ifMatch?: string;
  json: boolean;
}

/** `gavel apply FILE` */
export function applyCommand(): Command {
  return adminCommand('apply')
    .description('make the store match a market file, all of it or, on any fault, nothing')
    .argument('<file>', 'the market file; - reads it from standard input')
    .option('--prune', 'remove contracts and deactivate campaigns that the file does not name', false)
    .option('--dry-run', 'tell what would change, and change nothing', false)
    .option(
      '--if-match <etag>',
      'only if the market is still the one that `market show` gave this ETag',
      etag,
    )
    .option('--json', 'print the changes or faults as JSON', false)
    .action(apply);
}

async function apply(file: string, options: Options, command: Command): Promise<void> {
  const { prune, dryRun, ifMatch, json } = options;
  const text = await readText(file);
  try {
    const asked = { file: text, prune, dry_run: dryRun, if_match: ifMatch };
    const applied = await useAdmin(command, (ask) => ask(putMarket, asked));
    if (json) printJson({ file, ...applied });
    else {
      print(describeChanges(applied.changes, { dryRun }));
      for (const caution of applied.cautions) printError(caution);
    }
  } catch (error) {
    const { faults, outcome } = refusalOf(text, error);
    if (json) printJson({ file, faults });
    throw new CommandFailed((json ? faultsIn : faultsText)(file, faults, outcome));
  }
}

function etag(text: string): string {
  if (Value.Check(IfMatch, text)) return text;
  throw new InvalidArgumentError('Write it as the first line of `gavel market show` has it.');
}

interface Refused {
  faults: Fault[];
  outcome: string;
}

/** What is wrong with the file; its own faults are told where the market that is there can't be looked at, too. */
function refusalOf(text: string, error: unknown): Refused {
  const outcome = 'nothing was changed.';
  if (error instanceof ApiError && error.details.faults) return { faults: error.details.faults, outcome };
  const parsed = parseMarket(text);
  if ('market' in parsed) throw error;
  const why = error instanceof Error ? error.message : 'unknown error';
  const unchecked = `Sellers and buyers of the store could not be looked up: ${why}`;
  return { faults: parsed.faults, outcome: `${outcome}\n${unchecked}` };
}
