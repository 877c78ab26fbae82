import type { Command } from 'commander';
import { OperationError } from '../../../operations/operationError.js';
import { IfMatch, applyMarketOperation } from '../../../operations/market/marketOperations.js';
import { faultsOfFile, readMarketFile } from '../../../market/file/changeMarket.js';
import type { Fault } from '../../../market/file/fault.js';
import { unsignedBuyers } from '../../../market/file/unsignedBuyers.js';
import type { Change } from '../../../store/market/applyPlan.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { fitting } from '../../argumentParsers.js';
import type { CallOperation } from '../../callOperation.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { confirm, isInteractive } from '../../../terminal/confirm.js';
import { changeCount, describeChanges, secretsToGive } from './describeChanges.js';
import { faultSummary, faultsText } from './faultsText.js';
import { print, printError, printJson } from '../../../terminal/print.js';
import { readText } from '../../../terminal/readText.js';

interface Options {
  replace: boolean;
  prune: boolean;
  dryRun: boolean;
  yes: boolean;
  verbose: boolean;
  ifMatch?: string;
  json: boolean;
}

const EXIT_CODES = `
Exit codes:
  0  applied, or nothing to change
  1  faults in the file, or another failure
  2  wrong usage
  3  with --dry-run: something would change
  4  not confirmed; nothing was changed`;

export function applyCommand(): Command {
  return adminCommand('apply')
    .description('merge a market file into the market; show the plan, then apply all of it or nothing')
    .argument('<file>', 'the market file; - reads it from standard input')
    .option(
      '--replace',
      'make each entry exactly as in the file; keys that it does not name are reset',
      false,
    )
    .option('--prune', 'remove contracts and deactivate campaigns that the file does not name', false)
    .option('--dry-run', 'show the plan, and change nothing', false)
    .option('--yes', 'confirm the changes that the plan marks with !', false)
    .option('--verbose', 'list what stays unchanged by its ids', false)
    .option(
      '--if-match <etag>',
      'apply only if the market is still the one that `market show` gave this ETag',
      fitting(IfMatch, 'Write it as the first line of `gavel market show` has it.'),
    )
    .option('--json', 'print the changes or faults as JSON', false)
    .addHelpText('after', EXIT_CODES)
    .action(apply);
}

async function apply(file: string, options: Options, command: Command): Promise<void> {
  const text = await readText(file);
  await useAdmin(command, async (call) => {
    const plan = await planOf(call, file, text, options);
    const count = changeCount(plan.changes);
    const hint = options.replace ? '' : ' (Keys that the file does not name stay; --replace resets them.)';
    if (!options.json) {
      print(describeChanges(plan.changes, options));
      for (const caution of plan.cautions) printError(caution);
    }
    if (options.dryRun || count === 0) {
      if (options.json) printJson({ file, ...plan, dry_run: options.dryRun });
      else if (count === 0) print(`The market matches the file already; nothing was changed.${hint}`);
      if (count > 0) throw new CommandFailed(`Dry run: ${changesText(count)} would be made.`, 3);
      return;
    }
    await confirmed(file, plan, options);
    const applied = await asPlanned(call, text, plan.etag, options);
    if (options.json) printJson({ file, ...applied });
    else {
      const secrets = secretsToGive(applied.changes, unsignedBuyers(readMarketFile(text)));
      print([`Applied ${changesText(count)}.`, ...secrets].join('\n'));
    }
  });
}

interface Planned {
  etag: string;
  changes: Change[];
  cautions: string[];
}

/**
 * What applying the file would change.
 * @throws CommandFailed with the faults of the file
 */
async function planOf(call: CallOperation, file: string, text: string, options: Options): Promise<Planned> {
  const { replace, prune, ifMatch, json } = options;
  try {
    return await call(applyMarketOperation, { file: text, replace, prune, dry_run: true, if_match: ifMatch });
  } catch (error) {
    const { faults, outcome } = refusalOf(text, error);
    if (json) printJson({ file, faults });
    throw new CommandFailed((json ? faultSummary : faultsText)(file, faults, outcome));
  }
}

async function asPlanned(call: CallOperation, text: string, tag: string, { replace, prune }: Options) {
  try {
    return await call(applyMarketOperation, { file: text, replace, prune, yes: true, if_match: tag });
  } catch (error) {
    if (!(error instanceof OperationError) || error.kind !== 'marketChanged') throw error;
    throw new CommandFailed(
      'The market has changed since this plan was made; nothing was changed. Run the command again to see the new plan.',
    );
  }
}

/** @throws CommandFailed if the plan has warnings that nobody confirms */
async function confirmed(file: string, plan: Planned, { yes, json }: Options): Promise<void> {
  const warned = plan.changes.filter(({ warnings }) => warnings !== undefined).length;
  if (warned === 0 || yes) return;
  const need = warned === 1 ? '1 change needs' : `${warned} changes need`;
  if (file !== '-' && !json && isInteractive()) {
    if (await confirm(`${need} a confirmation (marked with !). Apply?`)) return;
    throw new CommandFailed('Nothing was changed.', 4);
  }
  if (json) printJson({ file, ...plan, dry_run: true });
  throw new CommandFailed(
    `${need} a confirmation${json ? ' (see `warnings`)' : ' (marked with !)'}; nothing was changed. Run the command again with --yes to apply the plan.`,
    4,
  );
}

const changesText = (count: number): string => (count === 1 ? '1 change' : `${count} changes`);

/** The faults of the file; if the market can't be read, the faults found without it. */
function refusalOf(text: string, error: unknown): { faults: Fault[]; outcome: string } {
  const outcome = 'nothing was changed.';
  if (error instanceof OperationError && error.details.faults)
    return { faults: error.details.faults, outcome };
  const faults = faultsOfFile(readMarketFile(text));
  if (faults.length === 0) throw error;
  const why = error instanceof Error ? error.message : 'unknown error';
  return { faults, outcome: `${outcome}\nThe file could not be compared with the market: ${why}` };
}
