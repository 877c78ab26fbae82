import type { Client } from '@temporalio/client';
import { MAIL_WORKFLOW } from '../temporal/names.js';
import { fitSummary } from '../temporal/sizeLimits.js';

/** Contracts whose sold leads wait to be e-mailed together. */
export interface WaitingMail {
  find(now: Date): Promise<string[]>;
  postpone(contract: string, lookAgainAt: Date): Promise<void>;
}

/** A workflow that was started is not looked for again for this long, ms. It may end before it sees a new lead. */
const AGAIN_MS = 60_000;

/** The id under which ops find the workflow of a contract's e-mails. */
export const mailWorkflowId = (taskQueue: string, contract: string): string =>
  `mail-${taskQueue}-${contract}`;

/** Starts the workflows of these contracts, unless they run; returns their number. */
export async function startMail(client: Client, taskQueue: string, waiting: WaitingMail): Promise<number> {
  const contracts = await waiting.find(new Date());
  for (const contract of contracts) {
    await client.withDeadline(Date.now() + 10_000, () =>
      client.workflow.start(MAIL_WORKFLOW, {
        workflowId: mailWorkflowId(taskQueue, contract),
        taskQueue,
        args: [{ contract }],
        workflowIdConflictPolicy: 'USE_EXISTING',
        staticSummary: fitSummary(`e-mails to ${contract}`),
      }),
    );
    await waiting.postpone(contract, new Date(Date.now() + AGAIN_MS));
  }
  return contracts.length;
}
