import type { Command } from 'commander';
import { OperationError } from '../../../operations/operationError.js';
import { simulate } from '../../../operations/simulate/simulateOperation.js';
import { abbreviateList, type SimulationView } from '../../../operations/simulate/simulationView.js';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { withProgress } from '../../../terminal/showProgress.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { parsePastTime } from '../../argumentParsers.js';
import { faultsText } from './faultsText.js';
import { print, printJson } from '../../../terminal/print.js';
import { readText } from '../../../terminal/readText.js';
import { simulationText } from './simulationText.js';

interface Options {
  since: Date;
  change: string;
  seller?: string;
  json: boolean;
}

/** `gavel simulate` */
export function simulateCommand(): Command {
  return adminCommand('simulate')
    .description('decide past auctions again under changed terms; sends nothing to anyone')
    .requiredOption(
      '--since <when>',
      'leads received since: a date, a time, or a span before now (7d)',
      parsePastTime,
    )
    .requiredOption('--change <file>', 'what changes, as a part of a market file; - reads standard input')
    .option('--seller <code|slug>', 'decide only this seller’s leads again')
    .option('--json', 'print the outcome as JSON', false)
    .action(decideAgain);
}

async function decideAgain({ since, change: file, seller, json }: Options, command: Command): Promise<void> {
  const asked = { file: await readText(file), since: since.toISOString(), seller };
  const simulation = await withProgress((onProgress) =>
    useAdmin(command, (call) => call(simulate, asked), { personalData: true, onProgress }),
  ).catch((error: unknown) => {
    if (!(error instanceof OperationError) || error.details.faults === undefined) throw error;
    throw new CommandFailed(faultsText(file, error.details.faults, 'nothing was decided.'));
  });
  if (simulation.leads === 0) throw new CommandFailed(nothingToDecide(simulation));
  if (json) printJson({ file, ...simulation });
  else print(simulationText(simulation, file));
}

function nothingToDecide({ since, campaigns, left_out: { erased, unheld } }: SimulationView): string {
  const none = `No lead of ${abbreviateList(campaigns)} received since ${formatUtc(new Date(since))} can be decided again`;
  const why =
    erased === 0 && unheld === 0
      ? 'none was received, except for test leads'
      : 'the persons of the received leads were erased, or no round was held';
  return `${none}: ${why}. Name an earlier time with --since.`;
}
