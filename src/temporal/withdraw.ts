import { Client, Connection } from '@temporalio/client';
import type { Settings } from '../config.js';
import type { LeadStatus } from '../market/lead.js';
import { WITHDRAW, workflowId } from './names.js';

/** Takes leads off sale by their workflows. */
export interface Withdrawer {
  /** See `withdrawBy`. */
  withdraw(leadId: string): Promise<LeadStatus | undefined>;
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
    withdraw: (leadId) => withdrawBy(client, leadId, PATIENCE_MS),
    close: () => connection.close(),
  };
}

/**
 * Asks a lead's workflow to take the lead off sale. Resolves with how the lead stands after it; with undefined where the
 * workflow has taken note and waits for a post that is under way. Rejects where there is no such workflow, or none that
 * takes note in time.
 * @param withinMs how long that may take
 */
export function withdrawBy(
  client: Client,
  leadId: string,
  withinMs: number,
): Promise<LeadStatus | undefined> {
  return client.withDeadline(Date.now() + withinMs, async () => {
    const update = await client.workflow
      .getHandle(workflowId(leadId))
      .startUpdate<{ status: LeadStatus }, []>(WITHDRAW, { waitForStage: 'ACCEPTED' });
    return update.result().then(
      ({ status }) => status,
      () => undefined,
    );
  });
}
