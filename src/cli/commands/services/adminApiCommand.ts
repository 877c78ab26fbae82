import { Command } from 'commander';
import { runApi } from './runApi.js';

/** More than an erasure needs that waits for its lead's workflow. */
const GRACE_MS = 10_000;

/** `gavel admin` */
export function adminApiCommand(): Command {
  return new Command('admin')
    .description('run the admin API (stop with Ctrl-C); it logs one JSON object a line')
    .action(() =>
      runApi({
        name: 'admin',
        start: 'startAdminApi',
        listensOn: ['ADMIN_HOST', 'ADMIN_PORT'],
        graceMs: () => GRACE_MS,
      }),
    );
}
