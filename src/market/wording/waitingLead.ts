import { formatUtc } from '../calendar/isoTime.js';
import type { LeadStatus } from '../model/lead.js';
import type { Reason } from '../model/reason.js';
import type { Change, Outcome } from '../model/round.js';
import type { Wait } from '../waiting/waiting.js';

/** A round in words: each buyer with its price or its reason. */
export interface RoundInWords {
  round: number;
  at: string;
  buyers: Record<string, string>;
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
