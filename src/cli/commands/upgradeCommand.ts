import type { Command } from 'commander';
import { withProgress } from '../../terminal/showProgress.js';
import { recordAuditEvent } from '../../store/audit.js';
import { ensureIndexes } from '../../store/upkeep/indexes.js';
import { upgradeLeads } from '../../store/upkeep/upgrade.js';
import { localCommand } from '../useAdmin.js';
import { cliActor } from '../../terminal/currentUser.js';
import { print, printJson } from '../../terminal/print.js';
import { useDatabaseWithKeys } from '../../terminal/useDatabase.js';

const WHY_HERE =
  'it reads personal data, which needs the master keys. Run it where MASTER_KEYS and MONGODB_URL are set; see docs/upgrades.md.';

export function upgradeCommand(): Command {
  return localCommand('upgrade', WHY_HERE)
    .description('migrate data stored by older releases to this release; can be stopped and run again')
    .option('--json', 'print the outcome as JSON', false)
    .action(upgrade);
}

async function upgrade({ json }: { json: boolean }): Promise<void> {
  const done = await withProgress((progress) =>
    useDatabaseWithKeys(async (database) => {
      await ensureIndexes(database);
      const upgraded = await upgradeLeads(database, (leads) => progress(`${leads} leads`));
      const values = Object.entries(upgraded).map(([path, count]) => ({ path, to: String(count) }));
      const of = { kind: 'database', id: database.db.databaseName } as const;
      await recordAuditEvent(database, cliActor(), { ...of, did: 'upgraded', values });
      return upgraded;
    }),
  );
  if (json) {
    printJson(done);
    return;
  }
  const left = done.left === 0 ? '' : ` ${done.left} are being posted to a buyer: run it again later.`;
  const back = done.returned === 0 ? '' : ` ${done.returned} that were given back keep their returns now.`;
  print(
    `${done.leads} leads of older releases were looked at; ${done.rekeyed} got another key.${back}${left}`,
  );
}
