import { WorkflowNotFoundError, WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import { RESOLVE_POST_UPDATE, RETRY_NOW_SIGNAL, workflowId, type PostDecision } from './names.js';

/** Calls of ops to a lead's workflow, by Gavel's API and commands. */
export interface LeadWorkflowCalls {
  /** Decides on a post that is held for ops. */
  resolvePost(leadId: string, decision: PostDecision): Promise<CallResult>;
  /** Has the next round held now; does not wait for it. */
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
const PATIENCE_MS = 5000;
const LOOK_MS = 1000;

export const resolvePost = (client: Client, leadId: string, decision: PostDecision): Promise<CallResult> =>
  send(client, () => handleOf(client, leadId).executeUpdate(RESOLVE_POST_UPDATE, { args: [decision] }));

export const retryNow = (client: Client, leadId: string): Promise<CallResult> =>
  send(client, () => handleOf(client, leadId).signal(RETRY_NOW_SIGNAL));

const handleOf = (client: Client, leadId: string) => client.workflow.getHandle(workflowId(leadId));

async function send(client: Client, call: () => Promise<unknown>): Promise<CallResult> {
  try {
    await client.withDeadline(Date.now() + PATIENCE_MS, call);
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
