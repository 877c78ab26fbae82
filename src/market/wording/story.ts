import type { LeadStatus } from '../model/lead.js';
import { formatUtc } from '../calendar/isoTime.js';
import { formatMoney, type Minor } from '../money.js';
import { reasonInWords, type LeadReason } from '../model/reason.js';
import type { Outcome, Round } from '../model/round.js';
import type { WithdrawnBy } from '../model/statusView.js';
import type { RoundInWords } from './waitingLead.js';

/** The result of a finished lead. Temporal's UI shows it first and large, so it must be clear without the code. */
export interface FinishedLead {
  status: LeadStatus;
  story: string;
  rounds: RoundInWords[];
  received: string;
  ended: string;
}

export interface SaleInWords {
  buyer: string;
  price: Minor;
  /** When the lead is e-mailed to the buyer, together with others. */
  mailAt?: Date | number;
}

export interface ReturnedSale extends SaleInWords {
  round: number;
  reason: string;
  /** UTC ms. */
  at: number;
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

interface End {
  status: LeadStatus;
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
      return [
        `Sold to ${to} in round ${end.rounds}, ${span(took)} after it was received.`,
        ...named.flatMap(({ buyer, mailAt }) =>
          mailAt === undefined ? [] : [`${buyer} is e-mailed it with others by ${formatUtc(mailAt)}.`],
        ),
      ].join(' ');
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
