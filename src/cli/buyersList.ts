import type { Command } from 'commander';
import { showBuyers, type BuyerView } from '../api/admin/buyers.js';
import { formatDecimal } from '../market/money.js';
import { adminCommand, useAdmin } from './admin.js';
import { print, printJson, table } from './print.js';

/** `gavel buyers list` */
export function buyersListCommand(): Command {
  return adminCommand('list')
    .description('every buyer: whether it buys, whether its server answers, what it has left, today’s leads')
    .option('--json', 'print the buyers as JSON', false)
    .action(list);
}

async function list({ json }: { json: boolean }, command: Command): Promise<void> {
  const { buyers } = await useAdmin(command, (ask) => ask(showBuyers, {}));
  if (json) printJson({ buyers });
  else if (buyers.length === 0)
    print('There is no buyer yet; `gavel apply FILE` with some under buyers makes them.');
  else print(table(['id', 'active', 'circuit', 'left', 'held', 'leads today'], buyers.map(row)));
}

function row({ id, active, circuit, failing, prepaid, leads_today }: BuyerView): string[] {
  const money = prepaid && [prepaid.left, prepaid.held].map((sum) => formatDecimal(sum, prepaid.currency));
  const [left = 'on account', held = ''] = money ?? [];
  const state = circuit.replaceAll('_', ' ') + (failing.length > 0 ? ` (${failing.join(', ')})` : '');
  return [id, active ? 'yes' : 'no', state, left, held, String(leads_today)];
}
