import type { LeadStatus } from '../model/lead.js';
import { formatUtc } from '../calendar/isoTime.js';
import { formatMoney, type Minor } from '../money.js';
import { reasonInWords, type LeadReason, type Reason } from '../model/reason.js';
import type { Change, Outcome, Round } from '../model/round.js';
import type { WithdrawnBy } from '../model/statusView.js';
import type { Wait } from '../waiting/waiting.js';

/** A round in words: each buyer with its price or its reason. */
export interface RoundInWords {
  round: number;
  at: string;
  buyers: Record<string, string>;
}

/** The result of a finished lead. Temporal's UI shows it first and large, so it must be clear without the code. */
export interface FinishedLead {
  status: LeadStatus;
  story: string;
  rounds: RoundInWords[];
  received: string;
  ended: string;
}

/** What a lead on sale waits for: the memo that ops see. */
export interface WaitingLead {
  /** `held`: a post of it waits for the decision of ops. */
  status: LeadStatus | 'held';
  waitsFor: string;
  until: string;
  /** The consequence at that time if ops have not decided. */
  otherwise?: string;
  /** Signals that ops can send it, with their effects. */
  opsCan: readonly string[];
  /** Its earlier sales and returns; absent if there are none. */
  story?: string;
  /** Absent in the first round, while it is held for ops. */
  lastRound?: RoundInWords;
}

/** One purchase, for display. */
export interface SaleInWords {
  buyer: string;
  price: Minor;
}

/** A booked sale, with its round. */
export interface BookedSale extends SaleInWords {
  /** The seller's earnings. */
  earns: Minor;
  round: number;
}

/** A returned sale. */
export interface ReturnedSale extends BookedSale {
  reason: string;
  /** UTC ms. */
  at: number;
  /** What the seller no longer earns. */
  amount: Minor;
}

/** A lead's history from earlier runs of its workflow, or from before a return. It contains no personal data. */
export interface Before {
  /** If there are many, the first and the last. */
  rounds: RoundInWords[];
  /** The number of the last one. */
  lastRound: number;
  /** Sales that were not returned. */
  sales: BookedSale[];
  returns: ReturnedSale[];
  currency: string;
}

/**
 * Maximum number of contracts that are listed individually: asked ones, and ones that could not buy. The others are
 * counted by reason. Temporal stores this text and allows 2 MiB for each workflow.
 */
const NAMED_ASKED = 50;
const NAMED_OTHERS = 30;
/** Maximum length of the text for one contract, characters. */
const LONGEST = 200;
/** Maximum number of buyers of a shared lead that are listed. */
const NAMED_BUYERS = 20;

export function roundInWords(round: Round, outcomes: Outcome[]): RoundInWords {
  const { currency } = round.terms;
  const wasAsked = new Set(round.entries.map(({ contract }) => contract));
  const asked = outcomes.filter(({ contract }) => wasAsked.has(contract));
  const others = outcomes.filter(({ contract }) => !wasAsked.has(contract));
  // Buyers that bought come first and are always listed: a lead has at most a hundred.
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
    at: formatUtc(round.at),
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
  return [...counts].map(([reason, count]) => [`(${reasonInWords(reason)})`, `${count} contracts`]);
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
  return cut(`${reasonInWords(outcome.reason)}${at}${took}${why}${note}`);
}

const cut = (text: string): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`);

/** Reasons that exclude a lead permanently, because it does not fit the contract. */
const UNFIT: ReadonlySet<Reason> = new Set<Reason>(['filtered', 'state']);

/**
 * When the first limit allows sales again, UTC ms, if every contract that might take the lead is full; undefined if
 * one is not full, or if the limits do not free up by themselves.
 */
export function fullUntil(outcomes: readonly Outcome[], changes: readonly Change[]): number | undefined {
  const reasons = outcomes.flatMap((outcome) => (outcome.sold ? [] : [outcome.reason]));
  const fit = reasons.filter((reason) => !UNFIT.has(reason));
  const areFull = fit.length > 0 && fit.every((reason) => reason === 'capped' || reason === 'over_budget');
  return areFull ? changes.find(({ what }) => what === 'window')?.at : undefined;
}

/**
 * What the lead waits for, in words.
 * @param full when the first full buyer can buy again, UTC ms, if all are full
 */
export function waitInWords(wait: Wait, full?: number): string {
  switch (wait.until) {
    case 'retry':
      return full === undefined
        ? 'its next retry'
        : `its next retry; all its buyers are full until ${formatUtc(full)}`;
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

/** What a lead waits for while these posts are held for ops. */
export const heldInWords = (posts: readonly { buyer: string; postId: string }[]): string =>
  `the decision of ops: ${posts
    .map(({ buyer, postId }) => `did ${buyer} take the lead with the post_id ${postId}?`)
    .join(' ')} Ask the buyer`;

/** The consequence if ops do not decide on a held post. */
export const HELD_TOO_LONG =
  'the post is called off: the buyer is notified that it is not billed, and the lead goes on to the next bidder or expires';

/** The returned sales of a lead: buyer, price, reason and time of each. */
export function returnsInWords(returns: readonly ReturnedSale[], currency: string): string {
  const named = returns
    .slice(0, NAMED_BUYERS)
    .map(
      ({ buyer, price, round, reason, at }) =>
        `Sold to ${buyer} at ${formatMoney(price, currency)} in round ${round}. Given back by ${buyer} (${reason}) on ${formatUtc(at)}.`,
    );
  const rest = returns.length - named.length;
  return [...named, ...(rest > 0 ? [`Given back by ${rest} others.`] : [])].join(' ');
}

/** The result of a lead. */
interface End {
  status: LeadStatus;
  /** The sales of this run, or earlier ones that were not returned. */
  sales: readonly SaleInWords[];
  /** Whether the sales were booked before the last return. */
  isSoldBefore?: boolean;
  returns?: readonly ReturnedSale[];
  /** The seller's remaining earnings from returned sales. */
  kept?: Minor;
  withdrawnBy?: WithdrawnBy;
  currency: string;
  reason: LeadReason;
  rounds: number;
  /** Since its receipt, ms. */
  took: number;
}

/** The result of a lead in a sentence or two. */
export function endInWords(end: End): string {
  const { returns = [], currency } = end;
  const said = lastEndInWords(end);
  return returns.length === 0 ? said : `${returnsInWords(returns, currency)} ${said}`;
}

function lastEndInWords(end: End): string {
  const { status, sales, currency, reason, took, kept = 0, isSoldBefore = false } = end;
  const rounds = end.rounds === 1 ? '1 round' : `${end.rounds} rounds`;
  switch (status) {
    case 'sold': {
      const named = sales.slice(0, NAMED_BUYERS);
      const rest = sales.length - named.length;
      const buyers = named
        .map(({ buyer, price }) => `${buyer} at ${formatMoney(price, currency)}`)
        .join(', ');
      const to = rest === 0 ? buyers : `${buyers} and ${rest} others`;
      if (to === '') return 'Sold; `gavel leads show` has the whole story.';
      if (isSoldBefore) return `Stays sold to ${to}.`;
      return `Sold to ${to} in round ${end.rounds}, ${span(took)} after it was received.`;
    }
    case 'returned':
      return kept === 0 ? 'The seller earns nothing.' : `The seller keeps ${formatMoney(kept, currency)}.`;
    case 'expired':
      return `Expired unsold ${span(took)} after it was received, after ${rounds}; in the last: ${reasonInWords(reason)}.`;
    case 'withdrawn':
      return `Withdrawn ${byWhom(end.withdrawnBy)}${span(took)} after it was received, after ${rounds}.`;
    case 'received':
    case 'pending':
      return 'Still on sale.';
  }
}

function byWhom(by: WithdrawnBy | undefined): string {
  switch (by) {
    case 'seller':
      return 'by its seller ';
    case 'ops':
      return 'by ops ';
    case 'suppression':
      return 'because its person is on a suppression list, ';
    case 'erasure':
      return 'because its person was erased, ';
    case undefined:
      return '';
  }
}

/** A waiting lead's memo as Markdown, which Temporal's UI renders. Its tables have no gaps. */
export function detailsOf(waiting: WaitingLead): string {
  const { status, waitsFor, until, otherwise, opsCan, story, lastRound } = waiting;
  const what = status === 'held' ? 'Held for ops' : 'Pending';
  const then = otherwise === undefined ? '' : ` If nobody decides by then, ${otherwise}.`;
  const waits = `**${what}.** Until ${until} it waits for ${waitsFor}.${then}`;
  const buyers = Object.entries(lastRound?.buyers ?? {}).map(([buyer, words]) => `- **${buyer}**: ${words}`);
  const round = lastRound ? ['', `Round ${lastRound.round}, ${lastRound.at}:`, '', ...buyers] : [];
  const past = story === undefined ? [] : ['', story];
  const lines = [
    waits,
    ...past,
    ...round,
    '',
    'Ops can:',
    '',
    ...opsCan.map((what) => `- ${jsonAsCode(what)}`),
  ];
  return asMarkdown(lines.join('\n'));
}

/** The UI turns quotes in plain text into typographic ones, which are not valid JSON. */
const jsonAsCode = (text: string): string => text.replace(/\{[^{}`]*\}/g, '`$&`');

/** Escapes amounts for Markdown: the UI reads text between two dollar signs as a formula. */
export const asMarkdown = (text: string): string => text.replaceAll('$', String.raw`\$`);

/** A duration for people: "0.4 s", "12 min", "3.5 h", "2 days". */
export function span(ms: number): string {
  const units: [number, string][] = [
    [86_400_000, 'days'],
    [3_600_000, 'h'],
    [60_000, 'min'],
  ];
  for (const [size, unit] of units) if (ms >= size * 2) return `${Math.round((ms / size) * 10) / 10} ${unit}`;
  return `${Math.round(ms / 100) / 10} s`;
}
