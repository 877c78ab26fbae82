import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  GavelClient,
  GavelError,
  type BatchLead,
  type BatchOutcome,
} from '../../../../../clients/typescript/src/index.js';
import { pickSettings } from '../../../../config.js';
import { CommandFailed } from '../../../../terminal/commandFailed.js';
import { print, printError, printJson } from '../../../../terminal/print.js';
import { showProgress } from '../../../../terminal/showProgress.js';
import { apiUrl } from '../../../remoteAdmin.js';
import { localCommand } from '../../../useAdmin.js';
import { leadOf, readTerms } from './importColumns.js';
import { dryRun } from './importDryRun.js';
import { examineFile, openImportFile, type ImportRow } from './importFile.js';
import { openRejects } from './importRejects.js';
import { openImportState } from './importState.js';

interface Options {
  url: string;
  map: ReadonlyMap<string, string>;
  set: ReadonlyMap<string, string>;
  mapping?: string;
  state?: string;
  rejects?: string;
  wait: boolean;
  dryRun: boolean;
  json: boolean;
}

/** `gavel leads import FILE` */
export function importCommand(): Command {
  return localCommand('import', 'it sends leads to the Lead API that --url names. Leave --remote out.')
    .description('send the leads of a CSV file; run again, it goes on with the rows that were not accepted')
    .argument('<file>', 'CSV whose first line names the columns')
    .option('--url <url>', 'the Lead API; a key of the source is in GAVEL_KEY', 'http://127.0.0.1:3000')
    .addOption(pairs('--map <column=field>', 'send a column as this field; without a field, leave it out'))
    .addOption(pairs('--set <field=value>', 'a field of every lead without one, such as seller or category'))
    .option('--mapping <file>', 'YAML or JSON with the same: "columns:" and "set:"')
    .option('--state <file>', 'where to keep which rows were accepted (default: FILE.import)')
    .option('--rejects <file>', 'where to write refused rows and the reasons (default: FILE.rejects.csv)')
    .option('--no-wait', 'let leads be answered before they are offered to buyers')
    .option('--dry-run', 'show what the rows become, and send nothing', false)
    .option('--json', 'print the outcome as JSON; of a dry run, a line for each row', false)
    .action(importLeads);
}

/** An option that may be given several times. */
const pairs = (flags: string, description: string): Option =>
  new Option(flags, description)
    .argParser((text: string, before: ReadonlyMap<string, string>) => {
      const at = text.indexOf('=');
      if (at < 1) throw new InvalidArgumentError('Write the two with = between them.');
      return new Map([...before, [text.slice(0, at).trim(), text.slice(at + 1).trim()]]);
    })
    .default(new Map<string, string>(), 'none');

async function importLeads(file: string, options: Options): Promise<void> {
  const terms = readTerms(options.mapping, { columns: options.map, set: options.set });
  if (options.dryRun) return dryRun(file, terms, options);
  const url = apiUrl('--url', options.url).href.replace(/\/+$/, '');
  const { GAVEL_KEY: key } = pickSettings(['GAVEL_KEY']);
  if (key === undefined)
    throw new CommandFailed('GAVEL_KEY is not set. Set it to a key of the source. Nothing was sent.');
  const { hash, rows: total } = await examineFile(file, terms);
  const { columns, rows } = await openImportFile(file, terms);
  const state = openImportState(options.state ?? `${file}.import`, { file: hash, url });
  const rejects = openRejects(file, columns, options.rejects);
  const acceptedBefore = state.accepted.size;
  const inFlight = new Map<number, ImportRow>();
  const statuses = new Map<string, number>();
  let replayed = 0;

  async function* leads(): AsyncGenerator<BatchLead> {
    let index = 0;
    for await (const row of rows) {
      if (state.accepted.has(row.line)) continue;
      const lead = leadOf(row.cells, columns, terms);
      if (typeof lead === 'string') {
        rejects.add(row, lead);
        continue;
      }
      inFlight.set(index, row);
      index += 1;
      // The exchange checks which fields there are.
      yield { ...lead, idempotency_key: `${hash} ${row.line}` } as unknown as BatchLead;
    }
  }

  function note(outcome: BatchOutcome): void {
    const row = inFlight.get(outcome.index);
    if (row === undefined) return;
    inFlight.delete(outcome.index);
    if ('error' in outcome) {
      rejects.add(row, outcome.error.message);
      return;
    }
    const { lead_id, status } = outcome.answer;
    state.accept(row.line, lead_id);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (outcome.replayed) replayed += 1;
  }

  const shown = showProgress();
  const done = (): number => state.accepted.size + rejects.count();
  const onWait = (ms: number): void => {
    const seconds = Math.ceil(ms / 1000);
    if (ms >= NAMED_WAIT_MS)
      shown.progress(`${done()} of ${total} rows; the next can be sent in ${seconds} s`);
  };
  try {
    const client = new GavelClient({ url, key, timeoutMs: SILENT_MS });
    for await (const outcome of client.sendLeads(leads(), { waitS: options.wait ? undefined : 0, onWait })) {
      note(outcome);
      if (done() % STEP === 0) shown.progress(`${done()} of ${total} rows`);
    }
  } catch (error) {
    if (!(error instanceof GavelError)) throw error;
    throw new CommandFailed(
      `${error.message}\n${state.accepted.size} of ${total} rows are accepted. Run the same command again to go on.`,
    );
  } finally {
    shown.done();
    rejects.close();
  }
  const accepted = state.accepted.size - acceptedBefore;
  const rejected = rejects.count();
  if (options.json)
    printJson({
      rows: total,
      accepted,
      replayed,
      accepted_before: acceptedBefore,
      statuses: Object.fromEntries(statuses),
      rejected,
      rejects: rejected > 0 ? rejects.path : null,
    });
  else {
    const counts = [...statuses].map(([status, count]) => `${count} ${status}`).join(', ');
    const earlier = acceptedBefore > 0 ? `; ${acceptedBefore} were accepted before` : '';
    print(`${accepted} of ${total} rows were accepted${counts === '' ? '' : ` (${counts})`}${earlier}.`);
    if (rejected > 0)
      printError(
        `${rejected} were refused. ${rejects.path} has them with the reasons: correct and import it.`,
      );
  }
  if (state.accepted.size === 0 && total > 0) throw new CommandFailed('No row was accepted.');
}

/** How often progress is shown, rows. */
const STEP = 100;
/** A shorter wait is not worth mentioning, ms. */
const NAMED_WAIT_MS = 5000;
/** Longer than the longest answer window, ms. */
const SILENT_MS = 90_000;
