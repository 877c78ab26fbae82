import type { Command } from 'commander';
import { showProgress } from '../../../terminal/showProgress.js';
import { recordAuditEvent } from '../../../store/audit.js';
import { rewrap } from '../../../store/keys/rewrap.js';
import { localCommand } from '../../useAdmin.js';
import { cliActor } from '../../../terminal/currentUser.js';
import { print, printJson } from '../../../terminal/print.js';
import { useDatabaseWithKeys } from '../../../terminal/useDatabase.js';

const WHY_HERE =
  'it needs the old and the new master key, which no API receives. Run it where MASTER_KEYS has both and MONGODB_URL is set; see docs/backup.md.';

/** `gavel keys rotate-master` */
export function rotateMasterCommand(): Command {
  return localCommand('rotate-master', WHY_HERE)
    .description('re-encrypt all data with the first key in MASTER_KEYS so older keys can be removed')
    .option('--json', 'print the outcome as JSON', false)
    .action(rotate);
}

async function rotate({ json }: { json: boolean }): Promise<void> {
  const shown = showProgress();
  try {
    const outcome = await useDatabaseWithKeys(async (database) => {
      const leads = await rewrap(database, (done) => shown.progress(`${done} leads`));
      const { current: key } = database.vault.masterKeys();
      const of = { kind: 'database', id: database.db.databaseName } as const;
      const values = [{ path: 'master_key', to: key }];
      await recordAuditEvent(database, cliActor(), { ...of, did: 'put under a master key', values });
      return { leads, key };
    });
    shown.done();
    if (json) printJson(outcome);
    else
      print(
        `All data is encrypted with the master key "${outcome.key}"; ${outcome.leads} leads were re-encrypted. Other keys in MASTER_KEYS are needed only for older backups.`,
      );
  } finally {
    shown.done();
  }
}
