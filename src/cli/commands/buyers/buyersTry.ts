import { existsSync, readFileSync } from 'node:fs';
import { InvalidArgumentError, type Command } from 'commander';
import Type from 'typebox';
import Value from 'typebox/value';
import { tryContract, type ContractTriedView } from '../../../operations/market/tryContractOperation.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { colors, print, printJson } from '../../../terminal/print.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';

interface Options {
  lead?: string;
  send: boolean;
  json: boolean;
}

/** `gavel buyers try CONTRACT` */
export function buyersTryCommand(): Command {
  return adminCommand('try')
    .description('show what a contract sends of a lead, to the buyer’s server or by its outlet')
    .argument('<contract>', 'the contract’s id, such as ACME1234/auto-insurance/northwind', contractOf)
    .option(
      '--lead <file|id>',
      'a JSON file with a lead’s fields, or a stored lead (default: a fictional one)',
    )
    .option('--send', 'send it, marked as a test, and show the answer', false)
    .option('--json', 'print both sides as JSON', false)
    .action(attempt);
}

interface Named {
  seller: string;
  category: string;
  buyer_id: string;
}

function contractOf(id: string): Named {
  const [, seller, category, buyer_id] = /^([^/]+)\/(.+)\/([^/]+)$/.exec(id) ?? [];
  if (seller === undefined || category === undefined || buyer_id === undefined)
    throw new InvalidArgumentError('Write SELLER/CATEGORY/BUYER, such as ACME1234/auto-insurance/northwind.');
  return { seller, category, buyer_id };
}

async function attempt(
  contract: Named,
  { lead: named, send, json }: Options,
  command: Command,
): Promise<void> {
  const lead = named === undefined || !existsSync(named) ? undefined : leadIn(named);
  const lead_id = lead === undefined ? named : undefined;
  const tried = await useAdmin(command, (call) => call(tryContract, { ...contract, lead, lead_id, send }), {
    personalData: true,
  });
  if (json) printJson(tried);
  else print(inWords(tried));
}

const LeadFields = Type.Record(Type.String(), Type.Union([Type.String(), Type.Array(Type.String())]));

function leadIn(path: string): Type.Static<typeof LeadFields> {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new CommandFailed(`${path} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (Value.Check(LeadFields, content)) return content;
  throw new CommandFailed(`${path} must be an object whose values are strings, or lists of strings.`);
}

function inWords({ steps }: ContractTriedView): string {
  return steps
    .flatMap(({ step, to, sent, came, means }) => [
      colors.bold(`${step} → ${to}`),
      sent,
      ...(came === undefined ? [] : [colors.bold(`${step} ←`), came]),
      ...(means === undefined ? [] : [colors.bold(`read as: ${means}`)]),
    ])
    .join('\n\n');
}
