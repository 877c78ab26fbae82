import type { Command } from 'commander';
import { showErasures } from '../api/admin/leads.js';
import { adminCommand, useAdmin } from './admin.js';
import { past } from './arguments.js';
import { print } from './print.js';

/** `gavel leads erasures` */
export function erasuresCommand(): Command {
  return adminCommand('erasures')
    .description('print which leads’ persons were erased, one JSON object a line; restore reads it')
    .option('--since <when>', 'only since a date, a time, or a duration ago (7d)', past)
    .action(list);
}

const PAGE = 5000;

async function list({ since }: { since?: Date }, command: Command): Promise<void> {
  await useAdmin(command, async (ask) => {
    let from = since?.toISOString();
    // A page begins with the last erasure of the one before: several may be of the same millisecond.
    let known = new Set<string>();
    for (;;) {
      const { erasures, more } = await ask(showErasures, { since: from, limit: PAGE });
      const fresh = erasures.filter(({ lead_id }) => !known.has(lead_id));
      for (const erasure of fresh) print(JSON.stringify(erasure));
      if (!more || fresh.length === 0) return;
      from = erasures.at(-1)?.erased_at;
      known = new Set(erasures.map(({ lead_id }) => lead_id));
    }
  });
}
