import { Command, InvalidArgumentError } from 'commander';
import { buyersListCommand } from './buyersList.js';
import { buyersSimulateCommand } from './buyersSimulate.js';
import { buyersTryCommand } from './buyersTry.js';
import { buyersVerifyCommand } from './buyersVerify.js';
import { buyerPauses } from '../market/campaignCommands.js';
import { PaymentRef, topUpBuyer, type TopUpView } from '../../../operations/market/buyersOperations.js';
import { formatDecimal } from '../../../market/money.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { fitting } from '../../argumentParsers.js';
import { print, printJson, table } from '../../../terminal/print.js';
import { testBuyer, type BuyerTestView } from '../../../operations/market/buyersTestOperation.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';

export function buyersCommand(): Command {
  const command = new Command('buyers')
    .description('list, top up, test, try, verify, simulate, pause and resume buyers')
    .addCommand(buyersListCommand())
    .addCommand(
      adminCommand('topup')
        .description('book a payment of a prepaid buyer; the buyer can spend it at once')
        .argument('<id>', 'the buyer')
        .argument('<amount>', 'in its currency, such as 500.00', amountOf)
        .requiredOption(
          '--ref <text>',
          'external reference of the payment (wire 4711); a reference is booked only once',
          fitting(
            PaymentRef,
            'Write letters, digits and .,:;/#_()+- with a letter or digit first, at most 100 characters.',
          ),
        )
        .option('--json', 'print what was booked as JSON', false)
        .action(book),
    )
    .addCommand(
      adminCommand('test')
        .description('send a buyer’s server a signed ping of a fictional lead and check the answer')
        .argument('<id>', 'the buyer')
        .option('--contract <id>', 'use the terms of this contract or campaign (default: its first contract)')
        .option(
          '--post',
          'send the lead as well, then the status question and a notice; nothing is booked',
          false,
        )
        .option('--json', 'print the checks as JSON', false)
        .action(test),
    )
    .addCommand(buyersTryCommand())
    .addCommand(buyersVerifyCommand())
    .addCommand(buyersSimulateCommand());
  for (const one of buyerPauses()) command.addCommand(one);
  return command;
}

async function book(
  id: string,
  amount: number,
  { ref, json }: { ref: string; json: boolean },
  command: Command,
): Promise<void> {
  const booked = await useAdmin(command, (call) => call(topUpBuyer, { buyer_id: id, amount, ref }));
  if (json) printJson(booked);
  else print(topUpText(booked));
}

function topUpText({ buyer, booked_before, amount, currency, balance }: TopUpView): string {
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

async function test(
  id: string,
  { contract, post, json }: { contract?: string; post: boolean; json: boolean },
  command: Command,
): Promise<void> {
  const tested = await useAdmin(command, (call) => call(testBuyer, { buyer_id: id, contract, post }));
  if (json) printJson(tested);
  else print(testText(tested));
  if (!tested.ok) {
    const failed = tested.checks.filter(({ result }) => result === 'failed').length;
    throw new CommandFailed(`${failed} of ${tested.checks.length} checks failed.`);
  }
}

function testText({ checks, ping_id, post_id }: BuyerTestView): string {
  const ids = [ping_id && `ping_id ${ping_id}`, post_id && `post_id ${post_id}`].filter(Boolean);
  const rows = checks.map(({ check, result, says }) => [result, check, says]);
  return `${table(['result', 'check', 'found'], rows)}\n\nSent with ${ids.join(' and ')}.`;
}
