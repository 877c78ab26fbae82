import { Client } from '@temporalio/client';
import type { TemporalSettings } from '../config.js';
import { openConnection } from './connection.js';
import { WITHDRAWN, workflowId } from './names.js';
import { sendDecision, sendRetry, type OpsCalls } from './opsCalls.js';

const PATIENCE_MS = 5000;

/**
 * Notifies a lead's workflow that the lead was withdrawn, so that it ends without waiting for its next step. Never
 * rejects: the withdrawal is in the database, and the sweep notifies workflows that could not be reached.
 */
export async function notifyWithdrawn(client: Client, leadId: string): Promise<void> {
  await client
    .withDeadline(Date.now() + PATIENCE_MS, () =>
      client.workflow.getHandle(workflowId(leadId)).signal(WITHDRAWN),
    )
    .catch(() => undefined);
}

/** For a process that starts no leads; connects when first used. */
export function openNotifier(settings: TemporalSettings): OpsCalls & {
  withdrawn(leadId: string): void;
  /** Waits for what is being sent. */
  close(): Promise<void>;
} {
  const connection = openConnection(settings);
  const client = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });
  const sent: Promise<void>[] = [];
  return {
    withdrawn: (leadId) => void sent.push(notifyWithdrawn(client, leadId)),
    resolvePost: (leadId, decision) => sendDecision(client, leadId, decision),
    retryNow: (leadId) => sendRetry(client, leadId),
    close: async () => {
      await Promise.all(sent);
      await connection.close();
    },
  };
}
