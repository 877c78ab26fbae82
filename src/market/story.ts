import type { LeadStatus } from './lead.js';
import { formatMoney } from './money.js';
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
  status: LeadStatus;
  waitsFor: string;
  until: string;
  lastRound: RoundInWords;
}

export function roundInWords(round: Round, outcomes: Outcome[]): RoundInWords {
  const words = outcomes.map((outcome): [string, string] => [
    outcome.buyer,
    inWords(outcome, round.terms.currency),
  ]);
  return { round: round.number, at: new Date(round.at).toISOString(), buyers: Object.fromEntries(words) };
}

/** "sold at $45.00 (41 ms)", "outbid at $12.50", "refused at $40.00: duplicate", "timeout (500 ms)". */
function inWords(outcome: Outcome, currency: string): string {
  const at = outcome.price === undefined ? '' : ` at ${formatMoney(outcome.price, currency)}`;
  const took = outcome.ms === undefined ? '' : ` (${outcome.ms} ms)`;
  if (outcome.sold) return `sold${at}${took}`;
  const why = outcome.detail === undefined ? '' : `: ${outcome.detail}`;
  return `${outcome.reason.replaceAll('_', ' ')}${at}${took}${why}`;
}

/** "a retry", "the end of a buyer's delay", "its expiry". */
export function waitInWords(wait: Wait): string {
  switch (wait.until) {
    case 'retry':
      return 'its next round, a retry';
    case 'delay':
      return 'its next round, when a contract’s delay has ended';
    case 'expiry':
      return 'its expiry: no round is left before it';
  }
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
