import type { Command } from 'commander';
import { showErasures, type ErasureView } from '../../../operations/leads/leadsOperations.js';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { parsePastTime } from '../../argumentParsers.js';
import { print, table } from '../../../terminal/print.js';

/** `gavel leads erasures` */
export function erasuresCommand(): Command {
  return adminCommand('erasures')
    .description('list which leads’ persons were erased, for restore --erasures; it names no person')
    .option('--since <when>', 'only since a date, a time, or a duration ago (7d)', parsePastTime)
    .option('--json', 'print one JSON object a line, which restore reads', false)
    .action(list);
}

const PAGE = 5000;

async function list({ since, json }: { since?: Date; json: boolean }, command: Command): Promise<void> {
  await useAdmin(command, async (call) => {
    let from = since?.toISOString();
    // A page begins with the last erasure of the one before: several may be of the same millisecond.
    let known = new Set<string>();
    for (;;) {
      const { erasures, more } = await call(showErasures, { since: from, limit: PAGE });
      const fresh = erasures.filter(({ lead_id }) => !known.has(lead_id));
      if (json) for (const erasure of fresh) print(JSON.stringify(erasure));
      else if (fresh.length > 0)
        print(table(['lead', 'erased', 'by', 'SHA-256 of what was there'], fresh.map(row)));
      else if (known.size === 0) print('No person was erased.');
      if (!more || fresh.length === 0) return;
      from = erasures.at(-1)?.erased_at;
      known = new Set(erasures.map(({ lead_id }) => lead_id));
    }
  });
}

const row = ({ lead_id, erased_at, by, sha256 = '' }: ErasureView): string[] => [
  lead_id,
  formatUtc(Date.parse(erased_at)),
  by,
  sha256,
];
