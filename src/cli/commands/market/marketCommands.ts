import { Command } from 'commander';
import { stringify } from 'yaml';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { showMarket } from '../../../operations/market/marketOperations.js';
import {
  showMarketVersion,
  showMarketVersions,
  type MarketVersionChanges,
  type MarketVersionView,
} from '../../../operations/market/versionsOperations.js';
import { marketTag } from '../../../store/market/readMarket.js';
import { parseCount, parseVersion } from '../../argumentParsers.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { colors, print, printJson, table, type Cell } from '../../../terminal/print.js';

export function marketCommand(): Command {
  return new Command('market')
    .description('show the market, and who changed it')
    .addCommand(
      adminCommand('show')
        .description('print the market as a market file, with every default spelt out')
        .option('--at <version>', 'an earlier version of it', parseVersion)
        .option('--expanded', 'with the keys of the sources’ presets written out', false)
        .option('--json', 'print it as JSON', false)
        .action(show),
    )
    .addCommand(
      adminCommand('versions')
        .description('list the versions of the market, newest first')
        .option('--of <id>', 'only versions that changed the contract, campaign, … with this id')
        .option('--limit <count>', 'list at most this number', parseCount, 50)
        .option('--json', 'print them as JSON', false)
        .action(list),
    )
    .addCommand(
      adminCommand('diff')
        .description('print what a version of the market changed')
        .argument('<version>', 'its number', parseVersion)
        .option('--since <version>', 'compare it with this version instead of the one before', parseVersion)
        .option('--json', 'print it as JSON', false)
        .action(diff),
    );
}

interface ShowOptions {
  at?: number;
  expanded: boolean;
  json: boolean;
}

async function show({ at, expanded, json }: ShowOptions, command: Command): Promise<void> {
  const asked = { version: at, expanded: expanded || undefined };
  const market = await useAdmin(command, (call) => call(showMarket, asked));
  if (json) printJson(market);
  else if (expanded) print(stringify(market).trimEnd());
  else print(`# ETag ${marketTag(market)}\n${stringify(market).trimEnd()}`);
}

async function list(
  { of, limit, json }: { of?: string; limit: number; json: boolean },
  command: Command,
): Promise<void> {
  const found = await useAdmin(command, (call) => call(showMarketVersions, { of, limit }));
  if (json) printJson(found);
  else if (found.versions.length === 0) print('No version of the market is recorded.');
  else {
    print(table(['version', 'when', 'who', 'changed'], found.versions.map(row)));
    if (found.more) print(`These are the newest ${limit}; --limit shows more.`);
  }
}

const row = ({ version, at, who, via, whole, count, changes }: MarketVersionView): Cell[] => [
  String(version),
  formatUtc(Date.parse(at)),
  who === undefined ? '' : `${who} (${via})`,
  whole ? 'the whole market, recorded first' : changedText(changes, count),
];

function changedText([first]: MarketVersionView['changes'], count: number): string {
  if (first === undefined) return '';
  const others = count > 1 ? ` and ${count - 1} more` : '';
  return `${first.kind} ${first.id} ${first.did}${others}`;
}

async function diff(
  version: number,
  { since, json }: { since?: number; json: boolean },
  command: Command,
): Promise<void> {
  const found = await useAdmin(command, (call) => call(showMarketVersion, { version, since }));
  if (json) {
    printJson(found);
    return;
  }
  const { at, who, via, changes } = found;
  const author = who === undefined ? '' : `, by ${who} (${via})`;
  print(`Version ${version} of ${formatUtc(Date.parse(at))}${author}, compared with version ${found.since}:`);
  print(changes.length === 0 ? 'No differences.' : changes.flatMap(diffLines).join('\n'));
}

const MARKS: Record<string, string> = {
  created: colors.green('+'),
  changed: colors.yellow('~'),
  removed: colors.red('-'),
};

const diffLines = ({ kind, id, did, values }: MarketVersionChanges['changes'][number]): string[] => [
  `${MARKS[did] ?? ''} ${kind} ${id}`,
  ...values.map(({ path, from = 'nothing', to = 'nothing' }) => `    ${path}: ${from} → ${to}`),
];
