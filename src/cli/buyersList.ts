import { Command } from 'commander';
import { formatMoney, toDecimal } from '../market/money.js';
import { listBuyers, type BuyerStanding } from '../store/buyers.js';
import { print, printJson, table } from './print.js';
import { useDatabase } from './useDatabase.js';

/** `gavel buyers list` */
export function buyersListCommand(): Command {
  return new Command('list')
    .description('every buyer: whether it buys, whether its server answers, what it has left, today’s leads')
    .option('--json', 'print the buyers as JSON', false)
    .action(list);
}

async function list({ json }: { json: boolean }): Promise<void> {
  const buyers = await useDatabase((database) => listBuyers(database, Date.now()));
  if (json) printJson({ buyers: buyers.map(view) });
  else if (buyers.length === 0)
    print('There is no buyer yet; `gavel apply FILE` with some under buyers makes them.');
  else print(table(['id', 'active', 'circuit', 'left', 'held', 'leads today'], buyers.map(row)));
}

function row({ id, active, circuit, prepaid, today }: BuyerStanding): string[] {
  const money = prepaid && [prepaid.left, prepaid.held].map((sum) => formatMoney(sum, prepaid.currency));
  const [left = 'on account', held = ''] = money ?? [];
  return [id, active ? 'yes' : 'no', circuit.replaceAll('_', ' '), left, held, String(today)];
}

const view = ({ id, active, circuit, prepaid, today }: BuyerStanding) => ({
  id,
  active,
  circuit,
  leads_today: today,
  prepaid: prepaid && {
    left: toDecimal(prepaid.left, prepaid.currency),
    held: toDecimal(prepaid.held, prepaid.currency),
    currency: prepaid.currency,
  },
});
