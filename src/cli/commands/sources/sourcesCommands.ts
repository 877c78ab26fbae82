import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import {
  replaySource,
  showFailedPayload,
  showFailedPayloads,
  trySource,
  type TriedView,
} from '../../../operations/sources/sourcesOperations.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { print, printError, printJson } from '../../../terminal/print.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';

/** `gavel sources …` */
export function sourcesCommand(): Command {
  return new Command('sources')
    .description('try the mappings of sources, and take their failed requests again')
    .addCommand(
      adminCommand('try')
        .description('show what a mapping makes of a sample, field by field; nothing is stored')
        .argument('<source>', 'the source, as the market file names it')
        .requiredOption('--sample <file>', 'a body as the sender sends it, or a whole HTTP request')
        .option(
          '--type <content type>',
          'its content type (default: that of the HTTP request, or by its form)',
        )
        .option('--json', 'print it as JSON', false)
        .action(trySample),
    )
    .addCommand(
      adminCommand('failed')
        .description('list requests that did not become leads; they are kept for a day')
        .argument('[source]', 'only those of this source')
        .option('--show <id>', 'print one with its personal data; the audit records who read it')
        .option('--json', 'print them as JSON', false)
        .action(failed),
    )
    .addCommand(
      adminCommand('replay')
        .description('take failed requests again, with the present mapping')
        .argument('<source>', 'the source')
        .option('--id <id>', 'only this one (default: all of the source)')
        .option('--json', 'print the number as JSON', false)
        .action(replay),
    );
}

interface TryOptions {
  sample: string;
  type?: string;
  json: boolean;
}

async function trySample(
  source: string,
  { sample, type, json }: TryOptions,
  command: Command,
): Promise<void> {
  const { body, contentType } = readSample(sample);
  const asked = { source, sample: body, content_type: type ?? contentType };
  const tried = await useAdmin(command, (call) => call(trySource, asked));
  if (json) {
    printJson(tried);
    return;
  }
  if (tried.ignored > 0) print(`${tried.ignored} of the request's documents are no leads.`);
  for (const lead of tried.leads) print(describeTried(lead));
  if (tried.leads.length === 0) print('The sample has no lead.');
}

/** The body of a file; of an HTTP request that starts with its request line, what is behind its headers. */
function readSample(file: string): { body: string; contentType?: string } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new CommandFailed(`${file} can’t be read. Check its name.`);
  }
  const [, head = '', body] = /^((?:POST|PUT|GET) .*?)\r?\n\r?\n(.*)$/s.exec(text) ?? [];
  if (body === undefined) return { body: text };
  return { body, contentType: /^content-type:\s*(.+?)\r?$/im.exec(head)?.[1] };
}

function describeTried({ fields, test, once }: TriedView): string {
  const width = Math.max(0, ...fields.map(({ field }) => field.length));
  const lines = fields.map(({ field, value, sent, note, missing, fault }) => {
    const name = field.padEnd(width);
    if (fault !== undefined) return `${name}  refused: ${fault}`;
    if (value === undefined) return `${name}  missing: ${missing}`;
    const remarks = [sent && `sent as ${sent.join(', ')}`, note].filter((one) => one !== undefined);
    return `${name}  ${value.join(', ')}${remarks.length > 0 ? `  (${remarks.join('; ')})` : ''}`;
  });
  const about = [test ? 'a test' : 'a lead', once === undefined ? undefined : `recognised by ${once}`];
  return [...lines, `It is ${about.filter((one) => one !== undefined).join(', ')}.`].join('\n');
}

interface FailedOptions {
  show?: string;
  json: boolean;
}

async function failed(
  source: string | undefined,
  { show, json }: FailedOptions,
  command: Command,
): Promise<void> {
  if (show !== undefined) {
    const payload = await useAdmin(command, (call) => call(showFailedPayload, { id: show }), {
      personalData: true,
    });
    print(payload.body);
    return;
  }
  const { payloads } = await useAdmin(command, (call) => call(showFailedPayloads, { source }));
  if (json) {
    printJson({ payloads });
    return;
  }
  if (payloads.length === 0) printError('There are none.');
  for (const { id, source: from, at, state, reason } of payloads)
    print(`${id}  ${formatUtc(Date.parse(at))}  ${from}  ${state}  ${reason}`);
}

interface ReplayOptions {
  id?: string;
  json: boolean;
}

async function replay(source: string, { id, json }: ReplayOptions, command: Command): Promise<void> {
  const outcome = await useAdmin(command, (call) => call(replaySource, { source, id }));
  const { replayed } = outcome;
  if (json) printJson(outcome);
  else print(`${replayed} ${replayed === 1 ? 'request is' : 'requests are'} taken again.`);
}
