import { InvalidArgumentError, type Command } from 'commander';
import Value from 'typebox/value';
import { PaymentRef, topUpBuyer, type TopUpView } from '../../../operations/market/buyersOperations.js';
import { formatDecimal } from '../../../market/money.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { print, printJson } from '../../../terminal/print.js';

interface Options {
  ref: string;
  json: boolean;
}

/** `gavel buyers topup ID AMOUNT` */
export function topUpCommand(): Command {
  return adminCommand('topup')
    .description('book a payment of a prepaid buyer; the buyer can spend it at once')
    .argument('<id>', 'the buyer')
    .argument('<amount>', 'in its currency, such as 500.00', amountOf)
    .requiredOption(
      '--ref <text>',
      'external reference of the payment (wire 4711); a reference is booked only once',
      refOf,
    )
    .option('--json', 'print what was booked as JSON', false)
    .action(book);
}

async function book(id: string, amount: number, { ref, json }: Options, command: Command): Promise<void> {
  const booked = await useAdmin(command, (call) => call(topUpBuyer, { buyer_id: id, amount, ref }));
  if (json) printJson(booked);
  else print(inWords(booked));
}

function inWords({ buyer, booked_before, amount, currency, balance }: TopUpView): string {
  const left = `it has ${formatDecimal(balance, currency)} left`;
  const paid = formatDecimal(amount, currency);
  return booked_before
    ? `The ${paid} of ${buyer} were booked before; ${left}.`
    : `${buyer} has paid in ${paid}; ${left}.`;
}

function amountOf(text: string): number {
  if (/^\d{1,12}(\.\d{1,4})?$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('Write an amount above zero, such as 500.00.');
}

function refOf(text: string): string {
  if (Value.Check(PaymentRef, text)) return text;
  throw new InvalidArgumentError(
    'Write letters, digits and .,:;/#_()+- with a letter or digit first, at most 100 characters.',
  );
}
