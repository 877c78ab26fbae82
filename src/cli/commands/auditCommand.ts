import { Command } from 'commander';
import { showAudit, type AuditEntryView } from '../../operations/auditOperations.js';
import { formatUtc } from '../../market/calendar/isoTime.js';
import { adminCommand, useAdmin } from '../useAdmin.js';
import { parseCount, parsePastTime } from '../argumentParsers.js';
import { print, printJson, table, type Cell } from '../../terminal/print.js';

export function auditCommand(): Command {
  return new Command('audit')
    .description('list changes: what, by whom and when')
    .addCommand(
      adminCommand('list')
        .description('list changes made by commands and the admin API, newest first')
        .option('--since <when>', 'only changes since a date, a time, or a duration ago (7d)', parsePastTime)
        .option('--of <id>', 'only changes of the lead, contract, key, … with this id')
        .option('--limit <count>', 'list at most this number', parseCount, 50)
        .option('--json', 'print them as JSON', false)
        .action(list),
    );
}

async function list(
  { since, of, limit, json }: { since?: Date; of?: string; limit: number; json: boolean },
  command: Command,
): Promise<void> {
  const asked = { since: since?.toISOString(), of, limit };
  const { entries, more } = await useAdmin(command, (call) => call(showAudit, asked));
  if (json) printJson({ entries, more });
  else if (entries.length === 0) print(nothing(of, since));
  else {
    print(table(['when', 'who', 'what', 'did', 'from → to'], entries.map(row)));
    if (more) print(`These are the newest ${limit}; --limit shows more.`);
  }
}

function nothing(of: string | undefined, since: Date | undefined): string {
  const then = since === undefined ? '' : ` since ${formatUtc(since)}`;
  if (of === undefined) return `Nothing was changed${then}.`;
  return `The audit has nothing about "${of}"${then}. Name a lead, contract, campaign, buyer, seller or key by its whole id.`;
}

const row = ({ at, who, via, kind, id, did, changes }: AuditEntryView): Cell[] => [
  formatUtc(Date.parse(at)),
  `${who} (${via})`,
  `${kind} ${id}`,
  did,
  changes.map(changeText),
];

const changeText = ({ path, from, to }: AuditEntryView['changes'][number]): string =>
  from === undefined ? `${path}: ${to ?? ''}` : `${path}: ${from} → ${to ?? 'nothing'}`;
