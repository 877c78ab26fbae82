import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import type { Hearing } from '../buyers/notice.js';
import { sendTestPostback } from '../buyers/postback.js';
import { pickSettings } from '../config.js';
import type { SellerWithSecret } from '../store/market.js';
import { CommandFailed } from './commandFailed.js';
import { print, printJson, table } from './print.js';
import { sellerNamed } from '../api/admin/named.js';
import { useDatabase } from './useDatabase.js';

type Tried = Hearing & { url: string };

/** `gavel postbacks test --seller CODE` */
export function testCommand(): Command {
  return new Command('test')
    .description('send a test to each of a seller’s addresses and print what came back')
    .requiredOption('--seller <code|slug>', 'whose')
    .option('--json', 'print what came back as JSON', false)
    .action(test);
}

async function test({ seller: named, json }: { seller: string; json: boolean }): Promise<void> {
  const seller = await useDatabase((database) => sellerNamed(database, named));
  if (seller.postbacks.length === 0)
    throw new CommandFailed(
      `${seller.code} has no address for postbacks; name one in the market file under its \`postback\`.`,
    );
  const tried = await tryAll(seller);
  if (json) printJson({ seller: seller.code, addresses: tried.map(view) });
  else print(table(['address', 'heard', 'answer', 'ms'], tried.map(row)));
  const deaf = tried.filter(({ heard }) => !heard).length;
  if (deaf > 0) throw new CommandFailed(`${deaf} of ${tried.length} did not hear it; any 2xx says so.`);
}

async function tryAll({ postbacks, secret }: SellerWithSecret): Promise<Tried[]> {
  // Loaded here, so that the other commands don't wait for what only this one needs.
  const { openSender } = await import('../buyers/send.js');
  const sender = openSender(pickSettings(['OUTBOUND_ALLOW', 'OUTBOUND_HTTP']));
  try {
    return await Promise.all(
      postbacks.map(async (url) => ({
        url,
        ...(await sendTestPostback(sender.send, { url, secret }, randomUUID())),
      })),
    );
  } finally {
    await sender.close();
  }
}

const view = ({ url, heard, detail, ms }: Tried) => ({ url, heard, answer: detail, ms });

const row = ({ url, heard, detail, ms }: Tried): string[] => [url, heard ? 'yes' : 'no', detail, String(ms)];
