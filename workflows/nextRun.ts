import {
  allHandlersFinished,
  condition,
  makeContinueAsNewFunc,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { LeadFacts, LeadStatus } from '../src/market/model/lead.js';
import type { LeadReason } from '../src/market/model/reason.js';
import type { WaitingRound, WaitUpdate } from '../src/market/waiting/waiting.js';
import type { FinishedLead } from '../src/market/wording/story.js';
import { leadSearchAttributes, searchAttributes } from '../src/temporal/names.js';
import type { Notification } from './notifications.js';

/**
 * What a run of a lead's workflow hands to the next one, which goes on with the wait: a history has a largest size, and a
 * lead may wait for a year. Plain data, each part of it bounded.
 */
export interface Carried {
  /** The lead's last round, as much of it as the wait goes by. */
  lastRound: WaitingRound;
  reason: LeadReason;
  /** The status that the seller is notified of, and how many addresses the seller has. */
  notified: LeadStatus;
  addresses: number;
  /** Whether others had claimed the lead in its last round. */
  isClaimedElsewhere: boolean;
  /** Signals that it has not acted on yet. */
  news: WaitUpdate;
  isWoken: boolean;
  isWithdrawn: boolean;
  isGivenBack: boolean;
  /** Notifications that are not delivered yet. */
  notifications: Notification[];
}

/** A run of a lead's workflow that can hand over to the next one. */
interface Run {
  readonly isWithdrawn: boolean;
  readonly factsOfNextRun: LeadFacts;
  carried(): Carried;
}

/** A run continues as new after this many events or bytes; the server ends one at 51,200 and 50 MiB. */
const LONG_EVENTS = 2000;
const LONG_BYTES = 4 * 1024 * 1024;

export function isLongRun(): boolean {
  const { continueAsNewSuggested, historyLength, historySize } = workflowInfo();
  return continueAsNewSuggested || historyLength >= LONG_EVENTS || historySize >= LONG_BYTES;
}

/**
 * Ends this run and goes on in a new one, once every update has its answer. Returns without effect if the lead is withdrawn
 * before that. The state is read last, so that it includes every signal until then.
 */
export async function continueInNextRun(lead: Run): Promise<void> {
  await condition(() => allHandlersFinished() || lead.isWithdrawn);
  if (lead.isWithdrawn) return;
  // A search for waiting leads finds only the latest run.
  upsertSearchAttributes([{ key: searchAttributes.status, value: 'continued' }]);
  const facts = lead.factsOfNextRun;
  const next = makeContinueAsNewFunc<(facts: LeadFacts, carried: Carried) => Promise<FinishedLead>>({
    typedSearchAttributes: leadSearchAttributes(facts, 'pending'),
  });
  await next(facts, lead.carried());
}
