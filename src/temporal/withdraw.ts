import { Client, Connection } from '@temporalio/client';
import type { Settings } from '../config.js';
import type { LeadStatus } from '../market/lead.js';
import { WITHDRAW, workflowId } from './names.js';

/** Takes leads off sale by their workflows. */
export interface Withdrawer {
  /**
   * Resolves with how the lead stands after it. Rejects where there is no such workflow, or none that answers in time.
   */
  withdraw(leadId: string): Promise<LeadStatus>;
  close(): Promise<void>;
}

const PATIENCE_MS = 5000;

/** Connects when first used. */
export function openWithdrawer(
  settings: Pick<Settings, 'TEMPORAL_ADDRESS' | 'TEMPORAL_NAMESPACE'>,
): Withdrawer {
  const connection = Connection.lazy({ address: settings.TEMPORAL_ADDRESS });
  const client = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });
  return {
    withdraw: async (leadId) => {
      const { status } = await client.withDeadline(Date.now() + PATIENCE_MS, () =>
        client.workflow.getHandle(workflowId(leadId)).executeUpdate<{ status: LeadStatus }, []>(WITHDRAW),
      );
      return status;
    },
    close: () => connection.close(),
  };
}
