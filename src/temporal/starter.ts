import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import type { Settings } from '../config.js';
import type { LeadFacts, LeadStatus } from '../market/lead.js';
import type { Log } from '../log.js';
import { OUTCOME, WORKFLOW, type OutcomeAnswer } from './names.js';
import { startLead, startOptions } from './start.js';
import { withdrawBy } from './withdraw.js';

/** Begins leads' workflows for the API. */
export interface LeadStarter {
  /**
   * Starts the lead's workflow and waits for its early answer, `answerWithinMs` at the most; 0 does not wait. Undefined
   * when there is none in time: no worker is up, Temporal is down, or buyers are slow. The lead is stored either way,
   * and the sweep starts it where this call could not. Never rejects.
   */
  start(lead: LeadFacts, answerWithinMs: number): Promise<OutcomeAnswer | undefined>;
  /** Asks the lead's workflow to take it off sale, see `withdrawBy`. */
  withdraw(leadId: string, withinMs: number): Promise<LeadStatus | undefined>;
  /** Rejects when Temporal does not answer. */
  ready(): Promise<void>;
  /** Lets go of the connection, once the calls under way have ended: their time is limited. */
  close(): Promise<void>;
}

/** How long a start that nobody waits for may take, ms. */
const UNWATCHED_MS = 10_000;

type TemporalSettings = Pick<Settings, 'TEMPORAL_ADDRESS' | 'TEMPORAL_NAMESPACE' | 'TASK_QUEUE'>;

/** Connects when first used, and again whenever the connection was lost. */
export function openStarter(settings: TemporalSettings, log: Log): LeadStarter {
  const connection = Connection.lazy({ address: settings.TEMPORAL_ADDRESS });
  const client = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });
  const underWay = new Set<Promise<unknown>>();

  /** A call that is tried again on a closed connection throws out of a timer, where nobody can catch it: closing waits. */
  function noted<T>(call: Promise<T>): Promise<T> {
    const over = (): void => void underWay.delete(call);
    underWay.add(call);
    call.then(over, over);
    return call;
  }

  async function begin(lead: LeadFacts, answerWithinMs: number): Promise<OutcomeAnswer | undefined> {
    if (answerWithinMs > 0) {
      const options = startOptions(lead, settings.TASK_QUEUE);
      return await client.withDeadline(Date.now() + answerWithinMs, () =>
        client.workflow.executeUpdateWithStart<Workflow, OutcomeAnswer, []>(OUTCOME, {
          startWorkflowOperation: new WithStartWorkflowOperation(WORKFLOW, options),
        }),
      );
    }
    await startLead(client, lead, settings.TASK_QUEUE, UNWATCHED_MS);
    return undefined;
  }

  return {
    async start(lead, answerWithinMs) {
      const began = noted(begin(lead, answerWithinMs)).catch((error: unknown) => {
        const why = error instanceof Error ? error.name : 'unknown';
        log.warn({ lead_id: lead.leadId, event: 'no_early_answer', why });
        return undefined;
      });
      return answerWithinMs > 0 ? await began : undefined;
    },
    withdraw: (leadId, withinMs) => noted(withdrawBy(client, leadId, withinMs)),
    async ready() {
      await noted(
        client.withDeadline(Date.now() + 1000, () =>
          connection.workflowService.describeNamespace({ namespace: settings.TEMPORAL_NAMESPACE }),
        ),
      );
    },
    close: async () => {
      await Promise.allSettled(underWay);
      await connection.close();
    },
  };
}
