import type { Command } from 'commander';
import { testBuyer, type BuyerTestView } from '../../../operations/market/buyersTestOperation.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { print, printJson, table } from '../../../terminal/print.js';

interface Options {
  contract?: string;
  post: boolean;
  json: boolean;
}

/** `gavel buyers test ID` */
export function buyersTestCommand(): Command {
  return adminCommand('test')
    .description('send a buyer’s server a signed ping of a fictional lead and check the answer')
    .argument('<id>', 'the buyer')
    .option('--contract <id>', 'use the terms of this contract or campaign (default: its first contract)')
    .option(
      '--post',
      'send the lead as well, then the status question and a notice; nothing is booked',
      false,
    )
    .option('--json', 'print the checks as JSON', false)
    .action(test);
}

async function test(id: string, { contract, post, json }: Options, command: Command): Promise<void> {
  const tested = await useAdmin(command, (call) => call(testBuyer, { buyer_id: id, contract, post }));
  if (json) printJson(tested);
  else print(inWords(tested));
  if (!tested.ok) {
    const failed = tested.checks.filter(({ result }) => result === 'failed').length;
    throw new CommandFailed(`${failed} of ${tested.checks.length} checks failed.`);
  }
}

function inWords({ checks, ping_id, post_id }: BuyerTestView): string {
  const ids = [ping_id && `ping_id ${ping_id}`, post_id && `post_id ${post_id}`].filter(Boolean);
  const rows = checks.map(({ check, result, says }) => [result, check, says]);
  return `${table(['result', 'check', 'found'], rows)}\n\nSent with ${ids.join(' and ')}.`;
}
