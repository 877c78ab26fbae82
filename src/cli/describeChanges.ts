import type { Change } from '../store/applyPlan.js';
import { colors } from './print.js';

/** What an apply did, a line for each part of the market that changed, then what it left alone. */
export function describeChanges(changes: Change[], { dryRun }: { dryRun: boolean }): string {
  const lines = changes.flatMap(changeLines);
  const unchanged = changes.filter(({ change }) => change === 'unchanged').length;
  const summary = [
    ...lines,
    ...(unchanged > 0 ? [colors.dim(`= ${unchanged} unchanged`)] : []),
    ...leftAlone(changes),
    ...(dryRun ? [] : secrets(changes)),
  ];
  if (dryRun) summary.push('A dry run: nothing was changed.');
  else if (lines.length === 0) summary.push('The store matches the file already; nothing was changed.');
  return summary.join('\n');
}

/** A change in the market, in a line for each key; nothing of what stays. */
export function changeLines(change: Change): string[] {
  const what = `${change.kind} ${change.id}`;
  switch (change.change) {
    case 'created':
      return [colors.green(`+ ${what}`)];
    case 'changed':
      return [
        colors.yellow(`~ ${what}`),
        ...Object.entries(change.fields).map(
          ([key, { from = 'nothing', to = 'nothing' }]) => `    ${key}: ${from} → ${to}`,
        ),
      ];
    case 'removed':
      return [colors.red(`- ${what}`)];
    case 'deactivated':
      return [colors.red(`- ${what}: no longer active; it takes no lead, and those waiting run out`)];
    case 'unchanged':
    case 'not_named':
      return [];
  }
}

/** What the store has beside the file, so that nobody takes a deleted line for a deleted contract. */
function leftAlone(changes: Change[]): string[] {
  const left = changes.filter(({ change }) => change === 'not_named');
  const ids = (kinds: Change['kind'][]) =>
    left.filter(({ kind }) => kinds.includes(kind)).map(({ kind, id }) => `${kind} ${id}`);
  const trading = ids(['campaign', 'contract']);
  const resting = ids(['seller', 'buyer']);
  const pruned = changes.some(({ change }) => change === 'removed' || change === 'deactivated');
  const hint = pruned ? '' : '; --prune removes contracts and deactivates campaigns';
  return [
    ...(trading.length > 0
      ? [`The file does not name these, which stay as they are${hint}: ${trading.join(', ')}`]
      : []),
    ...(resting.length > 0
      ? [`The file does not name these, which stay on the books: ${resting.join(', ')}`]
      : []),
  ];
}

/** Who is new has a secret to be given to its owner. */
function secrets(changes: Change[]): string[] {
  const commands = changes.flatMap(({ change, kind, id }) =>
    change === 'created' && (kind === 'seller' || kind === 'buyer')
      ? [`    gavel secrets show --${kind} ${id}`]
      : [],
  );
  return commands.length === 0 ? [] : ['', 'Give each new owner its signing secret:', ...commands];
}
