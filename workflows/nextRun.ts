import {
  allHandlersFinished,
  condition,
  makeContinueAsNewFunc,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { LeadFacts, LeadStatus } from '../src/market/model/lead.js';
import type { LeadReason } from '../src/market/model/reason.js';
import type { Before, FinishedLead, RoundInWords } from '../src/market/wording/story.js';
import type { WaitUpdate, WaitingRound } from '../src/market/waiting/waiting.js';
import { leadSearchAttributes, searchAttributes } from '../src/temporal/names.js';
import type { Notification } from './notifications.js';

/**
 * What a run of a lead's workflow hands to the next one, which goes on with the wait: a history has a largest size, and a
 * lead may wait for a year. Plain data, each part of it bounded.
 */
export interface Carried {
  /** The lead's last round, as much of it as the wait goes by. */
  lastRound: WaitingRound;
  unsoldReason: LeadReason;
  currency: string;
  /** Rounds that its story tells in full. */
  rounds: RoundInWords[];
  /** The status that its seller knows, and how many addresses the seller has. */
  told: LeadStatus;
  addresses: number;
  /** Whether others held the lead in its last round. */
  heldElsewhere: boolean;
  /** Signals that it has not acted on yet. */
  news: WaitUpdate;
  wake: boolean;
  withdrawn: boolean;
  givenBack: boolean;
  /** Notifications that are not delivered yet. */
  notifications: Notification[];
  /** The outcome before a return; absent if there was none, and in runs of earlier releases. */
  before?: Before;
}

/** A run continues as new after this many events or bytes; the server ends one at 51,200 and 50 MiB. */
const LONG_EVENTS = 2000;
const LONG_BYTES = 4 * 1024 * 1024;

export function isLongRun(): boolean {
  const { continueAsNewSuggested, historyLength, historySize } = workflowInfo();
  return continueAsNewSuggested || historyLength >= LONG_EVENTS || historySize >= LONG_BYTES;
}

/**
 * Ends this run and goes on in a new one, once every update has its answer. Returns, and nothing has happened, if the lead
 * is withdrawn before that: the caller waits for the lead's end.
 * @param carried is called last, so that it includes every signal until then
 */
export async function continueInNextRun(lead: LeadFacts, carried: () => Carried): Promise<void> {
  await condition(() => allHandlersFinished() || carried().withdrawn);
  if (carried().withdrawn) return;
  // A search for waiting leads finds only the latest run.
  upsertSearchAttributes([{ key: searchAttributes.status, value: 'continued' }]);
  const { answerBy: _answered, answerTo: _announced, ...facts } = lead;
  const typedSearchAttributes = leadSearchAttributes(facts, 'pending');
  const next = makeContinueAsNewFunc<(facts: LeadFacts, carried: Carried) => Promise<FinishedLead>>({
    typedSearchAttributes,
  });
  await next(facts, carried());
}
