import type { Change } from '../../../store/market/applyPlan.js';
import { colors } from '../../../terminal/print.js';

/** What an apply changes, a line for each part of the market that changes, then how much it leaves alone. */
export function describeChanges(changes: Change[], { verbose }: { verbose: boolean }): string {
  const lines = [
    ...changes.flatMap(changeLines),
    ...count(changes, 'unchanged', 'unchanged', verbose),
    ...count(changes, 'not_named', 'not named by the file, unchanged', verbose),
  ];
  return lines.join('\n');
}

export const changeCount = (changes: Change[]): number =>
  changes.filter(({ change }) => change !== 'unchanged' && change !== 'not_named').length;

function count(changes: Change[], which: Change['change'], words: string, verbose: boolean): string[] {
  const those = changes.filter(({ change }) => change === which);
  if (those.length === 0) return [];
  const ids = verbose ? those.map(({ kind, id }) => colors.dim(`    ${kind} ${id}`)) : [];
  return [colors.dim(`= ${those.length} ${words}`), ...ids];
}

/** A change in the market, in a line for each key, and for each warning; nothing of what stays. */
export function changeLines(change: Change): string[] {
  const what = `${change.kind} ${change.id}`;
  const warnings = (change.warnings ?? []).map((warning) => colors.red(`    ! ${warning}`));
  switch (change.change) {
    case 'created':
      return [colors.green(`+ ${what}`), ...warnings];
    case 'changed':
      return [
        colors.yellow(`~ ${what}`),
        ...Object.entries(change.fields).map(
          ([key, { from = 'nothing', to = 'nothing' }]) => `    ${key}: ${from} → ${to}`,
        ),
        ...warnings,
      ];
    case 'removed':
    case 'deactivated':
      return [colors.red(`- ${what}: ${change.change}`), ...warnings];
    case 'unchanged':
    case 'not_named':
      return [];
  }
}

/** A new seller or buyer has a secret to be given to its owner, unless it gets nothing signed. */
export function secretsToGive(changes: Change[], unsigned: readonly string[]): string[] {
  const commands = changes.flatMap(({ change, kind, id }) =>
    change === 'created' && (kind === 'seller' || (kind === 'buyer' && !unsigned.includes(id)))
      ? [`    gavel secrets show --${kind} ${id}`]
      : [],
  );
  return commands.length === 0 ? [] : ['', 'Give each new owner its signing secret:', ...commands];
}
