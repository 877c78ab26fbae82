import {
  allHandlersFinished,
  condition,
  defineSignal,
  defineUpdate,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { SaleAnswer } from '../activities/sellLead.js';
import { conclude, unsoldReason, type Answer, type Offer } from '../src/market/decide.js';
import type { LeadFacts, LeadStatus } from '../src/market/lead.js';
import { formatMoney, toDecimal, type Minor } from '../src/market/money.js';
import type { LeadReason } from '../src/market/reason.js';
import type { Round } from '../src/market/round.js';
import {
  roundInWords,
  span,
  waitInWords,
  type FinishedLead,
  type RoundInWords,
  type WaitingLead,
} from '../src/market/story.js';
import type { Wait } from '../src/market/waiting.js';
import { OUTCOME, RETRY_NOW, searchAttributes, WITHDRAW, type OutcomeAnswer } from '../src/temporal/names.js';

const outcome = defineUpdate<OutcomeAnswer>(OUTCOME);
const withdraw = defineUpdate<{ status: LeadStatus }>(WITHDRAW);
const retryNow = defineSignal(RETRY_NOW);

/** Begins the story of a lead: who may ask and tell what, from the workflow's first moment on. */
export function begin(lead: LeadFacts): Story {
  const story = new Story(lead);
  setHandler(outcome, () => story.firstAnswer(), {
    description: 'What the source is told after the first round',
  });
  setHandler(withdraw, () => story.withdraw(), {
    description: 'Takes the lead off sale; answers how it stands',
  });
  setHandler(retryNow, () => story.retryNow(), { description: 'Holds the next round now' });
  return story;
}

/** What has happened to a lead so far, as its workflow remembers it and as ops see it. */
export class Story {
  private status: LeadStatus = 'received';
  private endedAt = 0;
  private sales: { buyer: string; price: Minor; round: number }[] = [];
  private currency = 'USD';
  private readonly rounds: RoundInWords[] = [];
  private answers: Answer[] = [];
  private notices: Promise<unknown>[] = [];
  private answered = false;
  private wake = false;
  private shownWaiting = false;
  withdrawn = false;
  unsoldReason: LeadReason = 'no_buyer_eligible';

  constructor(private readonly lead: LeadFacts) {}

  get ended(): boolean {
    return this.endedAt > 0;
  }

  get sold(): boolean {
    return this.sales.length > 0;
  }

  get nextRound(): number {
    return this.rounds.length + 1;
  }

  get salesInRound(): number {
    return this.sales.length;
  }

  /** Notes what came of one offer of the present round. */
  record({ contract, buyer, bid }: Offer, answer: SaleAnswer): void {
    if (answer.answer === 'closed') return;
    if (answer.answer === 'accepted') this.sales.push({ buyer, price: bid.price, round: this.nextRound });
    const detail = answer.answer === 'accepted' ? undefined : answer.detail;
    this.answers.push({ contract, answer: answer.answer, detail });
  }

  /** The round is over: every contract has its price or its reason. */
  closeRound(round: Round): void {
    const outcomes = conclude(round, this.answers);
    this.currency = round.terms.currency;
    this.rounds.push(roundInWords(round, outcomes));
    this.unsoldReason = unsoldReason(outcomes);
    this.answers = [];
  }

  /** Unsold for now: the source is told so, and ops see what the lead waits for. */
  pending(wait: Wait): void {
    this.status = 'pending';
    this.answered = true;
    this.shownWaiting = true;
    const [lastRound] = this.rounds.slice(-1);
    if (!lastRound) return;
    const until = new Date(wait.at).toISOString();
    const waiting: WaitingLead = { status: 'pending', waitsFor: waitInWords(wait), until, lastRound };
    upsertMemo({ lead: waiting });
    upsertSearchAttributes([
      { key: searchAttributes.status, value: 'pending' },
      { key: searchAttributes.round, value: lastRound.round },
    ]);
    setCurrentDetails(details(waiting));
  }

  /** Sleeps until the wait is over; true when ops woke the lead before. */
  async sleep(wait: Wait): Promise<boolean> {
    const ms = wait.at - Date.now();
    const woken = () => this.wake || this.withdrawn;
    const early =
      ms > 0 ? await condition(woken, ms, { summary: `waits for ${waitInWords(wait)}` }) : woken();
    this.wake = false;
    return early;
  }

  end(status: Extract<LeadStatus, 'sold' | 'expired' | 'withdrawn'>): void {
    this.status = status;
    this.endedAt = Date.now();
    this.answered = true;
    const sale = this.sold
      ? [
          { key: searchAttributes.price, value: toDecimal(this.price, this.currency) },
          { key: searchAttributes.buyers, value: this.sales.map(({ buyer }) => buyer) },
        ]
      : [];
    upsertSearchAttributes([
      { key: searchAttributes.status, value: status },
      { key: searchAttributes.round, value: this.rounds.length },
      ...sale,
    ]);
    if (this.shownWaiting) upsertMemo({ lead: { status, story: this.inWords() } });
    setCurrentDetails(this.inWords());
  }

  /** A notice that must still get through; the workflow stays open for it. */
  awaitNotice(notice: Promise<unknown>): void {
    this.notices.push(notice.catch(() => undefined));
  }

  /** Everybody who asked has been answered and every notice has been delivered or given up. */
  async finished(): Promise<void> {
    await Promise.all(this.notices);
    await condition(allHandlersFinished);
  }

  async firstAnswer(): Promise<OutcomeAnswer> {
    await condition(() => this.answered);
    if (!this.sold) return { status: this.status };
    return {
      status: 'sold',
      price: this.price,
      currency: this.currency,
      buyerIds: this.sales.map(({ buyer }) => buyer),
    };
  }

  async withdraw(): Promise<{ status: LeadStatus }> {
    this.withdrawn = true;
    await condition(() => this.ended);
    return { status: this.status };
  }

  retryNow(): void {
    this.wake = true;
  }

  result(): FinishedLead {
    return {
      status: this.status,
      story: this.inWords(),
      rounds: this.rounds,
      received: new Date(this.lead.receivedAt).toISOString(),
      ended: new Date(this.endedAt).toISOString(),
    };
  }

  private get price(): Minor {
    return this.sales.reduce((sum, sale) => sum + sale.price, 0);
  }

  private inWords(): string {
    const took = span(this.endedAt - this.lead.receivedAt);
    const rounds = this.rounds.length === 1 ? '1 round' : `${this.rounds.length} rounds`;
    switch (this.status) {
      case 'sold': {
        const to = this.sales
          .map(({ buyer, price }) => `${buyer} at ${formatMoney(price, this.currency)}`)
          .join(', ');
        return `Sold to ${to || 'a buyer, by an earlier run'} in round ${this.rounds.length}, ${took} after it was received.`;
      }
      case 'expired':
        return `Expired unsold ${took} after it was received, after ${rounds}; in the last: ${this.unsoldReason.replaceAll('_', ' ')}.`;
      case 'withdrawn':
        return `Withdrawn ${took} after it was received, after ${rounds}.`;
      case 'received':
      case 'pending':
        return 'Still on sale.';
    }
  }
}

/** The same as the memo, as the Markdown that Temporal's UI renders. */
function details({ waitsFor, until, lastRound }: WaitingLead): string {
  const rows = Object.entries(lastRound.buyers).map(([buyer, words]) => `| ${buyer} | ${words} |`);
  return [
    `**Pending.** Waits for ${waitsFor}, until ${until}.`,
    '',
    `| buyer | round ${lastRound.round}, ${lastRound.at} |`,
    '| --- | --- |',
    ...rows,
  ].join('\n');
}
