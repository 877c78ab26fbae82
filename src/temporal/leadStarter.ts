import { setTimeout as sleep } from 'node:timers/promises';
import { Client, WithStartWorkflowOperation } from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import type { Settings, TemporalSettings } from '../config.js';
import type { LeadFacts } from '../market/model/lead.js';
import type { Log } from '../log.js';
import { openConnection } from './connection.js';
import { OUTCOME_UPDATE, LEAD_WORKFLOW, type OutcomeAnswer } from './names.js';
import { resolvePost, retryNow, type LeadWorkflowCalls } from './leadWorkflowCalls.js';
import { startLead, leadWorkflowOptions } from './startLead.js';
import { notifyWithdrawn } from './leadWorkflowClient.js';

/** Starts leads' workflows for the API. */
export interface LeadStarter extends LeadWorkflowCalls {
  /**
   * Starts the lead's workflow and waits for its early answer, at most `answerWithinMs`; 0 does not wait. Undefined
   * when there is none in time: no worker is up, Temporal is down, or buyers are slow. The lead is stored either way,
   * and the sweep starts it where this call could not. Never rejects. `onAnswer` is also called
   * with an answer that comes a little too late.
   */
  start(
    lead: LeadFacts,
    answerWithinMs: number,
    onAnswer: (outcome: OutcomeAnswer) => void,
  ): Promise<OutcomeAnswer | undefined>;
  /** Starts the workflow of a lead that a buyer has given back; the sweep does where this can't. Waits for nothing. */
  startAgain(lead: LeadFacts): void;
  /** See `notifyWithdrawn`. Waits for nothing. */
  notifyWithdrawn(leadId: string): void;
  /** Rejects when Temporal does not answer. */
  ready(): Promise<void>;
  /** Hears no more answers, and lets go of the connection once the calls under way have ended: their time is limited. */
  close(): Promise<void>;
}

/** How long a late answer is still awaited, ms. */
const LATE_MS = 6000;
/** Timeout of a start in the background, ms. */
const UNWATCHED_MS = 10_000;

type StarterSettings = TemporalSettings & Pick<Settings, 'TASK_QUEUE'>;

/** Connects when first used, and again whenever the connection was lost. */
export function openLeadStarter(settings: StarterSettings, log: Log): LeadStarter {
  const connection = openConnection(settings);
  const client = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });
  const underWay = new Set<Promise<unknown>>();
  const listening = new Set<AbortController>();

  /** A retry on a closed connection throws inside a timer, where it can't be caught: closing waits for pending calls. */
  function noted<T>(call: Promise<T>): Promise<T> {
    const over = (): void => void underWay.delete(call);
    underWay.add(call);
    call.then(over, over);
    return call;
  }

  async function begin(lead: LeadFacts, withinMs: number): Promise<OutcomeAnswer> {
    const options = leadWorkflowOptions(lead, settings.TASK_QUEUE);
    const ask = () =>
      client.workflow.executeUpdateWithStart<Workflow, OutcomeAnswer, []>(OUTCOME_UPDATE, {
        startWorkflowOperation: new WithStartWorkflowOperation(LEAD_WORKFLOW, options),
      });
    // One for each call: the client never lets go of what listens to a signal.
    const call = new AbortController();
    listening.add(call);
    try {
      return await client.withAbortSignal(call.signal, () => client.withDeadline(Date.now() + withinMs, ask));
    } finally {
      listening.delete(call);
    }
  }

  return {
    async start(lead, answerWithinMs, onAnswer) {
      let why = 'late';
      const began = noted(begin(lead, answerWithinMs + LATE_MS)).then(
        (outcome) => {
          onAnswer(outcome);
          return outcome;
        },
        (error: unknown) => {
          why = error instanceof Error ? error.name : 'unknown';
          return undefined;
        },
      );
      if (answerWithinMs === 0) return undefined;
      const outcome = await Promise.race([began, sleep(answerWithinMs, undefined, { ref: false })]);
      if (outcome === undefined) log.warn({ lead_id: lead.leadId, event: 'no_early_answer', why });
      return outcome;
    },
    startAgain(lead) {
      noted(startLead(client, lead, settings.TASK_QUEUE, UNWATCHED_MS)).catch((error: unknown) => {
        const why = error instanceof Error ? error.name : 'unknown';
        log.warn({ lead_id: lead.leadId, event: 'not_started_again', why });
      });
    },
    notifyWithdrawn: (leadId) => void noted(notifyWithdrawn(client, leadId)),
    resolvePost: (leadId, decision) => noted(resolvePost(client, leadId, decision)),
    retryNow: (leadId) => noted(retryNow(client, leadId)),
    async ready() {
      await noted(
        client.withDeadline(Date.now() + 1000, () =>
          connection.workflowService.describeNamespace({ namespace: settings.TEMPORAL_NAMESPACE }),
        ),
      );
    },
    close: async () => {
      for (const call of listening) call.abort();
      await Promise.allSettled(underWay);
      await connection.close();
    },
  };
}
