import { readFileSync } from 'node:fs';
import { InvalidArgumentError, type Command } from 'commander';
import Type from 'typebox';
import Value from 'typebox/value';
import { openSender } from '../../../buyers/send.js';
import type { VerifiedServer } from '../../../buyers/verify/exchange.js';
import type { Verification } from '../../../buyers/verify/findings.js';
import { verifyBuyer, type Report } from '../../../buyers/verify/verifyBuyer.js';
import { pickSettings } from '../../../config.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { colors, print, printJson } from '../../../terminal/print.js';
import { localCommand } from '../../useAdmin.js';

interface Options {
  post?: string;
  status?: string;
  notices?: string;
  fixedPrice: boolean;
  category: string;
  lead?: Record<string, string | string[]>;
  timeout: number;
  postTimeout: number;
  json: boolean;
}

/** `gavel buyers verify URL` */
export function buyersVerifyCommand(): Command {
  return localCommand('verify', 'the server to verify may be on this machine. Leave --remote out.')
    .description('run the test suite of the buyer protocol against a server, with the secret in GAVEL_SECRET')
    .argument('<url>', 'address for pings and, unless given, for all other messages', urlOf)
    .option('--post <url>', 'address for posts and cancel notices', urlOf)
    .option('--status <url>', 'address for status questions', urlOf)
    .option('--notices <url>', 'address for notices', urlOf)
    .option('--fixed-price', 'send no pings: the contract has a fixed price', false)
    .option('--category <name>', 'category of the fictional lead', 'Auto Insurance')
    .option('--lead <file>', 'JSON file with fields to add to the fictional lead, or to replace', leadIn)
    .option('--timeout <ms>', 'time limit of pings', msOf, 800)
    .option('--post-timeout <ms>', 'time limit of other messages', msOf, 3000)
    .option('--json', 'print the report as JSON', false)
    .action(verify);
}

async function verify(url: string, options: Options): Promise<void> {
  const { GAVEL_SECRET: secret } = pickSettings(['GAVEL_SECRET']);
  if (secret === undefined)
    throw new CommandFailed('GAVEL_SECRET is not set. Set it to the secret of the buyer (whsec_…).');
  const server: VerifiedServer = {
    urls: {
      ping: url,
      post: options.post ?? url,
      status: options.status ?? options.post ?? url,
      notices: options.notices ?? options.post ?? url,
    },
    secret,
    isPinged: !options.fixedPrice,
    category: options.category,
    lead: options.lead ?? {},
    timeoutMs: { ping: options.timeout, other: options.postTimeout },
  };
  // The person who runs the command chooses the address, as with curl: the rules for a market's addresses don't apply.
  const { send, close } = openSender({
    OUTBOUND_ALLOW: Object.values(server.urls)
      .map((one) => new URL(one).hostname.replace(/^\[|\]$/g, ''))
      .join(','),
    OUTBOUND_HTTP: true,
    OUTBOUND_PORTS: '1-65535',
  });
  try {
    const found = await verifyBuyer(send, server, (one) => {
      if (!options.json) print(inWords(one));
    });
    report(url, found, options);
  } finally {
    await close();
  }
}

function report(url: string, { checks, headline }: Report, { json }: Pick<Options, 'json'>): void {
  const count = (result: Verification['result']) => checks.filter((one) => one.result === result).length;
  const [passed, failed, skipped] = [count('passed'), count('failed'), count('skipped')];
  if (json) printJson({ url, ok: failed === 0, headline, passed, failed, skipped, checks });
  else
    print(
      `\n${headline === undefined ? '' : `${headline}\n`}${passed} passed, ${failed} failed, ${skipped} skipped.`,
    );
  if (failed > 0) throw new CommandFailed(`${failed} of ${checks.length} checks failed.`);
}

const COLORS = { passed: colors.green, failed: colors.red, skipped: colors.dim };

/** One line; of a failed check also what was sent, what came back and what to do. */
function inWords({ check, result, sent, came, remedy }: Verification): string {
  const line = `${COLORS[result](result.padEnd(7))}  ${check}`;
  if (result === 'passed') return line;
  if (result === 'skipped') return `${line}: ${came}`;
  return [line, `         sent  ${sent}`, `         came  ${came}`, `         do    ${remedy ?? ''}`].join(
    '\n',
  );
}

function urlOf(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('Write an address such as https://buyer.example/leads.');
}

function msOf(text: string): number {
  if (/^\d{2,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write milliseconds, from 10 to 999999.');
}

const LeadFields = Type.Record(Type.String(), Type.Union([Type.String(), Type.Array(Type.String())]));

function leadIn(path: string): Type.Static<typeof LeadFields> {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
  if (Value.Check(LeadFields, content)) return content;
  throw new InvalidArgumentError('Write an object whose values are strings, or lists of strings.');
}
