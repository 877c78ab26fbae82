import { Command } from 'commander';
import { testPostbacks } from '../../../operations/market/postbacksOperations.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { print, printJson, table } from '../../../terminal/print.js';

export function postbacksCommand(): Command {
  return new Command('postbacks')
    .description('test postbacks to sellers')
    .addCommand(
      adminCommand('test')
        .description('send a test to each of a seller’s addresses and print the answers')
        .requiredOption('--seller <code|slug>', 'whose')
        .option('--json', 'print the answers as JSON', false)
        .action(test),
    );
}

async function test({ seller, json }: { seller: string; json: boolean }, command: Command): Promise<void> {
  const tested = await useAdmin(command, (call) => call(testPostbacks, { seller }));
  const { addresses } = tested;
  if (addresses.length === 0)
    throw new CommandFailed(
      `${tested.seller} has no address for postbacks; name one in the market file under its \`postback\`.`,
    );
  const rows = addresses.map(({ url, delivered, answer, ms }) => [
    url,
    delivered ? 'yes' : 'no',
    answer,
    String(ms),
  ]);
  if (json) printJson(tested);
  else print(table(['address', 'delivered', 'answer', 'ms'], rows));
  const failed = addresses.filter(({ delivered }) => !delivered).length;
  if (failed > 0)
    throw new CommandFailed(
      `${failed} of ${addresses.length} tests were not delivered; answer with any 2xx.`,
    );
}
