import { Command } from 'commander';
import { showProgress } from '../local/showProgress.js';
import { rewrap } from '../store/rewrap.js';
import { print, printJson } from './print.js';
import { usePersons } from './useDatabase.js';

/** `gavel keys rotate-master` */
export function rotateMasterCommand(): Command {
  return new Command('rotate-master')
    .description('put all that is stored under the first of MASTER_KEYS, so that the others can go')
    .option('--json', 'print the outcome as JSON', false)
    .action(rotate);
}

async function rotate({ json }: { json: boolean }): Promise<void> {
  const shown = showProgress();
  try {
    const outcome = await usePersons(async (database) => ({
      leads: await rewrap(database, (done) => shown.progress(`${done} leads`)),
      key: database.vault.masterKeys().current,
    }));
    shown.done();
    if (json) printJson(outcome);
    else
      print(
        `Everything is under the master key "${outcome.key}"; ${outcome.leads} leads were not. No other key of MASTER_KEYS is needed any more, except for older backups.`,
      );
  } finally {
    shown.done();
  }
}
