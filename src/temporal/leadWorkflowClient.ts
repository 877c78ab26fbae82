import { Client } from '@temporalio/client';
import type { TemporalSettings } from '../config.js';
import { openConnection } from './connection.js';
import { WITHDRAWN_SIGNAL, workflowId } from './names.js';
import { resolvePost, retryNow, type LeadWorkflowCalls } from './leadWorkflowCalls.js';

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
