import type { LeadStatus } from './lead.js';
import { moment } from './moment.js';
import { formatMoney, type Minor } from './money.js';
import type { LeadReason } from './reason.js';
import type { Outcome, Round } from './round.js';
import type { Wait } from './waiting.js';

/** A round as people read it: each buyer with its price or its reason. */
export interface RoundInWords {
  round: number;
  at: string;
  buyers: Record<string, string>;
}

/** How a finished lead ended; Temporal's UI shows it first and large, so it needs no code to be understood. */
export interface FinishedLead {
  status: LeadStatus;
  story: string;
  rounds: RoundInWords[];
  received: string;
  ended: string;
}

/** What a lead that is still on sale waits for; the memo that ops see. */
export interface WaitingLead {
  /** `held`: a post of it waits for the decision of ops. */
  status: LeadStatus | 'held';
  waitsFor: string;
  until: string;
  /** What happens at that time if ops have not decided. */
  otherwise?: string;
  /** What ops can send it, and what that does. */
  opsCan: readonly string[];
  /** Absent in the first round, while it is held for ops. */
  lastRound?: RoundInWords;
}

/** One buyer's purchase, as it is told. */
export interface SaleInWords {
  buyer: string;
  price: Minor;
}

/**
 * So many contracts are named one by one, of those that were asked and of those that could not buy; the others are
 * counted by their reasons. Temporal keeps what is told here, and takes 2 MiB for a life.
 */
const NAMED_ASKED = 50;
const NAMED_OTHERS = 30;
/** Characters of what is told of one contract. */
const LONGEST = 200;
/** So many buyers of a shared lead are named. */
const NAMED_BUYERS = 20;

export function roundInWords(round: Round, outcomes: Outcome[]): RoundInWords {
  const { currency } = round.terms;
  const wasAsked = new Set(round.entries.map(({ contract }) => contract));
  const asked = outcomes.filter(({ contract }) => wasAsked.has(contract));
  const others = outcomes.filter(({ contract }) => !wasAsked.has(contract));
  // Who has bought comes first, and is always named: a lead has a hundred buyers at the most.
  const sold = asked.filter((outcome) => outcome.sold);
  const unsold = asked.filter((outcome) => !outcome.sold);
  const left = Math.max(0, NAMED_ASKED - sold.length);
  const isNamed = asked.length <= NAMED_ASKED ? () => true : namedAmong([...sold, ...unsold.slice(0, left)]);
  const areOthersNamed = others.length <= NAMED_OTHERS;
  const words = outcomes
    .filter((outcome) => (wasAsked.has(outcome.contract) ? isNamed(outcome) : areOthersNamed))
    .map((outcome): [string, string] => [outcome.buyer, inWords(outcome, currency)]);
  const counted = countByReason([
    ...asked.filter((outcome) => !isNamed(outcome)),
    ...(areOthersNamed ? [] : others),
  ]);
  return {
    round: round.number,
    at: moment(round.at),
    buyers: Object.fromEntries([...words, ...counted]),
  };
}

function namedAmong(outcomes: Outcome[]): (outcome: Outcome) => boolean {
  const named = new Set(outcomes);
  return (outcome) => named.has(outcome);
}

function countByReason(outcomes: Outcome[]): [string, string][] {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) {
    const reason = outcome.sold ? 'sold' : outcome.reason;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => [`(${reason.replaceAll('_', ' ')})`, `${count} contracts`]);
}

/** "sold at $45.00 (41 ms)", "outbid at $12.50", "refused at $40.00: duplicate", "timeout (500 ms)". */
function inWords(outcome: Outcome, currency: string): string {
  const at = outcome.price === undefined ? '' : ` at ${formatMoney(outcome.price, currency)}`;
  const how = [
    ...(outcome.ms === undefined ? [] : [`${outcome.ms} ms`]),
    ...(outcome.again ? ['asked again'] : []),
  ];
  const took = how.length === 0 ? '' : ` (${how.join(', ')})`;
  const note = outcome.note === undefined ? '' : ` (${outcome.note})`;
  if (outcome.sold) return cut(`sold${at}${took}${note}`);
  const why = outcome.detail === undefined ? '' : `: ${outcome.detail}`;
  return cut(`${outcome.reason.replaceAll('_', ' ')}${at}${took}${why}${note}`);
}

const cut = (text: string): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`);

/** What comes when the wait is over. */
export function waitInWords(wait: Wait): string {
  switch (wait.until) {
    case 'retry':
      return 'its next retry';
    case 'delay':
      return 'its next round, when a contract’s delay has ended';
    case 'opening':
      return 'its next round, when a contract’s schedule opens';
    case 'window':
      return 'its next round, when a contract’s cap or budget has room again';
    case 'circuit':
      return 'its next round, when a buyer that fails may answer again';
    case 'resume':
      return 'its next round, when a pause ends';
    case 'stage':
      return 'its next round, when the campaign’s next stage begins';
    case 'expiry':
      return 'its expiry: no round is left before it';
    case 'last round':
      return 'its end: it was offered as often as a lead is';
  }
}

/** What a lead waits for while posts to these buyers are held for ops. */
export const heldInWords = (buyers: readonly string[]): string =>
  `the decision of ops: did ${buyers.join(' and ')} take the lead? Ask the buyer`;

/** What becomes of a post that nobody has decided on. */
export const HELD_TOO_LONG =
  'the post is called off: the buyer is notified that it is not billed, and the lead goes on to the next bidder or expires';

/** How a lead ended, in a sentence. `took` is since its receipt, ms. */
export function endInWords(end: {
  status: LeadStatus;
  sales: SaleInWords[];
  currency: string;
  reason: LeadReason;
  rounds: number;
  took: number;
}): string {
  const { status, sales, currency, reason, took } = end;
  const rounds = end.rounds === 1 ? '1 round' : `${end.rounds} rounds`;
  switch (status) {
    case 'sold': {
      const named = sales.slice(0, NAMED_BUYERS);
      const rest = sales.length - named.length;
      const buyers = named
        .map(({ buyer, price }) => `${buyer} at ${formatMoney(price, currency)}`)
        .join(', ');
      const to = rest === 0 ? buyers : `${buyers} and ${rest} others`;
      if (to === '')
        return 'Sold, by an earlier run of this workflow; `gavel leads show` has the whole story.';
      return `Sold to ${to} in round ${end.rounds}, ${span(took)} after it was received.`;
    }
    case 'expired':
      return `Expired unsold ${span(took)} after it was received, after ${rounds}; in the last: ${reason.replaceAll('_', ' ')}.`;
    case 'withdrawn':
      return `Withdrawn ${span(took)} after it was received, after ${rounds}.`;
    case 'received':
    case 'pending':
      return 'Still on sale.';
  }
}

/** The same as the memo of a waiting lead, as the Markdown that Temporal's UI renders; its tables have no gaps. */
export function detailsOf({ status, waitsFor, until, otherwise, opsCan, lastRound }: WaitingLead): string {
  const what = status === 'held' ? 'Held for ops' : 'Pending';
  const then = otherwise === undefined ? '' : ` If nobody decides by then, ${otherwise}.`;
  const waits = `**${what}.** Until ${until} it waits for ${waitsFor}.${then}`;
  const buyers = Object.entries(lastRound?.buyers ?? {}).map(([buyer, words]) => `- **${buyer}**: ${words}`);
  const round = lastRound ? ['', `Round ${lastRound.round}, ${lastRound.at}:`, '', ...buyers] : [];
  const lines = [waits, ...round, '', 'Ops can:', '', ...opsCan.map((what) => `- ${what}`)];
  // Between two dollar signs the UI reads a formula.
  return lines.join('\n').replaceAll('$', String.raw`\$`);
}

/** A span for people: "0.4 s", "12 min", "3.5 h", "2 days". */
export function span(ms: number): string {
  const units: [number, string][] = [
    [86_400_000, 'days'],
    [3_600_000, 'h'],
    [60_000, 'min'],
  ];
  for (const [size, unit] of units) if (ms >= size * 2) return `${Math.round((ms / size) * 10) / 10} ${unit}`;
  return `${Math.round(ms / 100) / 10} s`;
}
