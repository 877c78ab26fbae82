import { Command, InvalidArgumentError } from 'commander';
import { formatMoney, toDecimal, toMinor } from '../market/money.js';
import { bookTopUp, type ToppedUp } from '../store/topUp.js';
import { buyerNamed } from './buyerNamed.js';
import { CommandFailed } from './commandFailed.js';
import { print, printJson } from './print.js';
import { useDatabase } from './useDatabase.js';

interface Options {
  ref?: string;
  json: boolean;
}

/** `gavel buyers topup ID AMOUNT` */
export function topUpCommand(): Command {
  return new Command('topup')
    .description('book what a prepaid buyer has paid in; it buys with it at once')
    .argument('<id>', 'the buyer')
    .argument('<amount>', 'in its currency, such as 500.00', amountOf)
    .option(
      '--ref <text>',
      'what the payment is called where it came from; the same one is booked once',
      refOf,
    )
    .option('--json', 'print what was booked as JSON', false)
    .action(topUp);
}

async function topUp(id: string, decimal: number, { ref, json }: Options): Promise<void> {
  const { currency, amount, booked } = await useDatabase(async (database) => {
    const { balance, currency = 'USD' } = await buyerNamed(database, id);
    if (balance === undefined)
      throw new CommandFailed(
        `${id} is billed on account; give it a balance in the market file to have it pay before.`,
      );
    const amount = toMinor(decimal, currency);
    if (amount === undefined)
      throw new CommandFailed(`${decimal} is no amount that ${currency} can express.`);
    return { currency, amount, booked: await bookTopUp(database, { buyer: id, amount, currency, ref }) };
  });
  if (booked.amount !== amount || booked.currency !== currency)
    throw new CommandFailed(
      `"${ref ?? ''}" is booked already, with ${formatMoney(booked.amount, booked.currency)}; nothing was changed. Another payment needs another --ref.`,
    );
  if (json) printJson(view(id, booked, ref));
  else print(inWords(id, booked));
}

function inWords(id: string, { isNew, amount, currency, balance }: ToppedUp): string {
  const left = `it has ${formatMoney(balance, currency)} left`;
  const paid = formatMoney(amount, currency);
  return isNew ? `${id} has paid in ${paid}; ${left}.` : `The ${paid} of ${id} were booked before; ${left}.`;
}

const view = (
  buyer: string,
  { id, isNew, amount, currency, balance }: ToppedUp,
  ref: string | undefined,
) => ({
  buyer,
  booking_id: id,
  ref,
  booked_before: !isNew,
  amount: toDecimal(amount, currency),
  balance: toDecimal(balance, currency),
  currency,
});

function amountOf(text: string): number {
  if (/^\d{1,12}(\.\d{1,4})?$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('Write an amount above zero, such as 500.00.');
}

/** Begins with a letter or a digit: a spreadsheet takes nothing in a statement for a formula. */
function refOf(text: string): string {
  if (/^[\p{L}\p{N}][\p{L}\p{N} .,:;/#_()+-]{0,99}$/u.test(text)) return text;
  throw new InvalidArgumentError(
    'Write letters, digits and .,:;/#_()+- with a letter or digit first, 100 characters at the most.',
  );
}
