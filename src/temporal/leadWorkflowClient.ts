import { Client, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { TemporalSettings } from '../config.js';
import { openConnection } from './connection.js';
import {
  WITHDRAWN_SIGNAL,
  workflowId,
  RESOLVE_POST_UPDATE,
  RETRY_NOW_SIGNAL,
  type PostDecision,
} from './names.js';

/** Calls of ops to a lead's workflow, by Gavel's API and commands. */
export interface LeadWorkflowCalls {
  /** Decides on a post that is held for ops. */
  resolvePost(leadId: string, decision: PostDecision): Promise<CallResult>;
  /** Has the next round run now; does not wait for it. */
  retryNow(leadId: string): Promise<CallResult>;
}

/**
 * The outcome of a call. `refused`: the workflow rejected it, with a reason. `gone`: no workflow of the lead
 * runs. `no worker`: none has answered in time. `away`: Temporal does not answer.
 */
export type CallResult =
  | { sent: 'done' }
  | { sent: 'refused'; why: string }
  | { sent: 'gone' | 'no worker' | 'away' };

/** A running worker answers within a second; timeout in ms. */
const ANSWER_WITHIN_MS = 5000;
const LOOK_MS = 1000;

export const resolvePost = (client: Client, leadId: string, decision: PostDecision): Promise<CallResult> =>
  send(client, () => handleOf(client, leadId).executeUpdate(RESOLVE_POST_UPDATE, { args: [decision] }));

export const retryNow = (client: Client, leadId: string): Promise<CallResult> =>
  send(client, () => handleOf(client, leadId).signal(RETRY_NOW_SIGNAL));

const handleOf = (client: Client, leadId: string) => client.workflow.getHandle(workflowId(leadId));

async function send(client: Client, call: () => Promise<unknown>): Promise<CallResult> {
  try {
    await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, call);
    return { sent: 'done' };
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError)
      return { sent: 'refused', why: error.cause?.message ?? error.message };
    if (error instanceof WorkflowNotFoundError) return { sent: 'gone' };
    return { sent: (await isReachable(client)) ? 'no worker' : 'away' };
  }
}

async function isReachable(client: Client): Promise<boolean> {
  const { namespace } = client.options;
  try {
    await client.withDeadline(Date.now() + LOOK_MS, () =>
      client.workflowService.describeNamespace({ namespace }),
    );
    return true;
  } catch {
    return false;
  }
}

const PATIENCE_MS = 5000;

/**
 * Notifies a lead's workflow that the lead was withdrawn, so that it ends without waiting for its next step. Never
 * rejects: the withdrawal is in the database, and the sweep notifies workflows that could not be reached.
 */
export async function notifyWithdrawn(client: Client, leadId: string): Promise<void> {
  await client
    .withDeadline(Date.now() + PATIENCE_MS, () =>
      client.workflow.getHandle(workflowId(leadId)).signal(WITHDRAWN_SIGNAL),
    )
    .catch(() => undefined);
}

/**
 * A call sees that its deadline is over at its next try only. The client's own pauses grow to 5 s, for which a person would
 * wait in vain; these grow to 1.4 s.
 */
const RETRIES = { factor: 1.3, maxAttempts: 11 };

/** For a process that starts no leads; connects when first used. */
export function openLeadWorkflowClient(settings: TemporalSettings): LeadWorkflowCalls & {
  notifyWithdrawn(leadId: string): void;
  /** Waits for what is being sent. */
  close(): Promise<void>;
} {
  const connection = openConnection(settings, RETRIES);
  const client = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });
  const sent: Promise<void>[] = [];
  return {
    notifyWithdrawn: (leadId) => void sent.push(notifyWithdrawn(client, leadId)),
    resolvePost: (leadId, decision) => resolvePost(client, leadId, decision),
    retryNow: (leadId) => retryNow(client, leadId),
    close: async () => {
      await Promise.all(sent);
      await connection.close();
    },
  };
}
