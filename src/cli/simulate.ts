import { Command } from 'commander';
import { faultText, type Fault } from '../market/file/fault.js';
import { parseChange, type ChangedMarket } from '../market/file/parseChange.js';
import type { Terms } from '../market/file/build.js';
import { moment } from '../market/moment.js';
import { whatIf } from '../market/whatIf/whatIf.js';
import { showProgress } from '../local/showProgress.js';
import { planApply } from '../store/applyPlan.js';
import { readMarket, termsOf } from '../store/readMarket.js';
import { readOnly, type ReadOnly } from '../store/readOnly.js';
import { readPast, type LeftOut, type Period } from '../store/readPast.js';
import { CommandFailed } from './commandFailed.js';
import { past } from './arguments.js';
import { print, printJson } from './print.js';
import { readText } from './readText.js';
import { simulationJson, simulationText, type Simulation } from './simulateForms.js';
import { usePersons } from './useDatabase.js';

interface Options {
  since: Date;
  change: string;
  json: boolean;
}

/** `gavel simulate` */
export function simulateCommand(): Command {
  return new Command('simulate')
    .description('decide past auctions again under changed terms; sends nothing to anyone')
    .requiredOption('--since <when>', 'leads received since: a date, a time, or so long ago (7d)', past)
    .requiredOption('--change <file>', 'what changes, as a part of a market file; - reads standard input')
    .option('--json', 'print the outcome as JSON', false)
    .action(simulate);
}

async function simulate({ since, change, json }: Options): Promise<void> {
  const text = await readText(change);
  const simulation = await usePersons(async (database) =>
    simulated(readOnly(database), { since, until: new Date() }, change, text),
  );
  if (json) printJson(simulationJson(simulation));
  else print(simulationText(simulation));
}

/** Everything from the market and the change to what would have come of it; it can't write anything. */
async function simulated(
  database: ReadOnly,
  period: Period,
  file: string,
  text: string,
): Promise<Simulation> {
  const stored = await readMarket(database);
  const before = termsOf(stored);
  const { terms: after, models } = changedBy(file, text, before);
  const { changes } = planApply(stored, after, false, () => '');
  const real = changes.filter(({ change }) => change === 'created' || change === 'changed');
  if (real.length === 0 && models.size === 0) {
    throw new CommandFailed(`${file} changes nothing: the market is as it says already.`);
  }
  const shown = showProgress();
  try {
    const { leads, elsewhere, leftOut } = await readPast(database, period, [before, after], (count) =>
      shown.progress(`reading leads: ${count}`),
    );
    if (leads.length === 0) throw new CommandFailed(nothingToDecide(period, leftOut));
    shown.progress(`deciding ${leads.length} leads again`);
    const result = whatIf(leads, elsewhere, { before, after, models }, period.until.getTime());
    const currencyOf = new Map(after.campaigns.map(({ id, currency }) => [id, currency]));
    const modelled = after.contracts.flatMap(({ id, campaign }) => {
      const model = models.get(id);
      return model ? [{ ...model, contract: id, currency: currencyOf.get(campaign) ?? '' }] : [];
    });
    return { ...result, period, file, changes: real, models: modelled, leftOut };
  } finally {
    shown.done();
  }
}

function changedBy(file: string, text: string, market: Terms): ChangedMarket {
  const parsed = parseChange(text, market);
  if ('changed' in parsed) return parsed.changed;
  const { faults } = parsed;
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
  const lines = faults.map((fault: Fault) => faultText(file, fault));
  throw new CommandFailed([...lines, '', `${file} has ${count}; nothing was decided.`].join('\n'));
}

function nothingToDecide({ since }: Period, { erased, unheld }: LeftOut): string {
  const none = `No lead that was received since ${moment(since)} can be decided again`;
  const why =
    erased + unheld === 0
      ? 'none was received but for tests'
      : `of ${erased + unheld} the persons were erased, or no round was held`;
  return `${none}: ${why}. Name an earlier moment by --since.`;
}
