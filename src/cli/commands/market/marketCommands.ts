import { Command } from 'commander';
import { stringify } from 'yaml';
import { showMarket } from '../../../operations/market/marketOperations.js';
import { marketTag } from '../../../store/market/readMarket.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { print, printJson } from '../../../terminal/print.js';

/** `gavel market …` */
export function marketCommand(): Command {
  return new Command('market')
    .description('show the current market')
    .addCommand(
      adminCommand('show')
        .description('print the market as a market file, with every default spelt out')
        .option('--json', 'print it as JSON', false)
        .action(show),
    );
}

async function show({ json }: { json: boolean }, command: Command): Promise<void> {
  const market = await useAdmin(command, (call) => call(showMarket, {}));
  if (json) printJson(market);
  else print(`# ETag ${marketTag(market)}\n${stringify(market).trimEnd()}`);
}
