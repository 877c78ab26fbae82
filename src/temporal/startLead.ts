import {
  WorkflowExecutionAlreadyStartedError,
  type Client,
  type WorkflowStartOptions,
} from '@temporalio/client';
import type { LeadFacts, PingFacts } from '../market/model/lead.js';
import { fitFairnessKey, fitSummary } from './sizeLimits.js';
import {
  leadSearchAttributes,
  GIVEN_BACK_SIGNAL,
  LEAD_WORKFLOW,
  PING_WORKFLOW,
  workflowId,
} from './names.js';

/** Which leads get a free worker first: the smaller number. */
const SOURCE_WAITS = 3;
const NOBODY_WAITS = 4;

/**
 * How a lead's workflow is started, by the API and by the sweep. The second caller gets the first's
 * workflow; a terminated or failed one is started again, because the lead's own status says that it has not ended.
 * A returned lead has a completed workflow, and starts another; `startLead` does the rest. While all workers are busy,
 * sellers take turns.
 */
export function leadWorkflowOptions(lead: LeadFacts, taskQueue: string) {
  return {
    workflowId: workflowId(lead.leadId),
    taskQueue,
    args: [lead] as [LeadFacts],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy:
      lead.roundsBefore === undefined ? 'ALLOW_DUPLICATE_FAILED_ONLY' : 'ALLOW_DUPLICATE',
    priority: {
      priorityKey: lead.answerBy === undefined ? NOBODY_WAITS : SOURCE_WAITS,
      fairnessKey: fitFairnessKey(lead.seller),
    },
    staticSummary: fitSummary(
      [lead.category, lead.state, lead.seller, lead.test ? 'test' : undefined].filter(Boolean).join(' · '),
    ),
    typedSearchAttributes: leadSearchAttributes(
      lead,
      lead.roundsBefore === undefined ? 'received' : 'pending',
    ),
  } satisfies WorkflowStartOptions;
}

/**
 * Starts a lead's workflow, and does not wait for its result. The first workflow of a returned lead may still be open,
 * because a notification of the sale is undelivered: it receives a signal, and continues.
 * @param options `eager`: the client's connection is a worker's, which gets the first task at once
 * @throws WorkflowExecutionAlreadyStartedError if the lead has a completed workflow
 */
export async function startLead(
  client: Client,
  lead: LeadFacts,
  taskQueue: string,
  { withinMs, eager = false }: { withinMs: number; eager?: boolean },
): Promise<void> {
  const options = leadWorkflowOptions(lead, taskQueue);
  await client.withDeadline(Date.now() + withinMs, async () => {
    if (lead.roundsBefore === undefined)
      await client.workflow.start(LEAD_WORKFLOW, { ...options, requestEagerStart: eager });
    else
      await client.workflow.signalWithStart(LEAD_WORKFLOW, {
        ...options,
        signal: GIVEN_BACK_SIGNAL,
        signalArgs: [],
      });
  });
}

/** Starts the workflow of a ping, whose source waits. @throws if Temporal does not answer in time */
export async function startPing(
  client: Client,
  { pingId, seller, category, test, ...ping }: PingFacts,
  taskQueue: string,
  { withinMs, eager = false }: { withinMs: number; eager?: boolean },
): Promise<void> {
  await client.withDeadline(Date.now() + withinMs, () =>
    client.workflow.start(PING_WORKFLOW, {
      workflowId: `ping-${pingId}`,
      taskQueue,
      args: [{ pingId, seller, category, test, ...ping }] satisfies [PingFacts],
      priority: { priorityKey: SOURCE_WAITS, fairnessKey: fitFairnessKey(seller) },
      staticSummary: fitSummary(
        ['ping', category, seller, test ? 'test' : undefined].filter(Boolean).join(' · '),
      ),
      requestEagerStart: eager,
    }),
  );
}

/**
 * Starts the workflow of a lead that should have one, unless it runs or has ended well. A running workflow of a lead that
 * was given back is notified of the return.
 * @returns whether it was started
 */
export async function startIfMissing(
  client: Client,
  lead: LeadFacts,
  taskQueue: string,
  withinMs: number,
): Promise<boolean> {
  const options = { ...leadWorkflowOptions(lead, taskQueue), workflowIdConflictPolicy: 'FAIL' as const };
  return client.withDeadline(Date.now() + withinMs, async () => {
    try {
      await client.workflow.start(LEAD_WORKFLOW, options);
      return true;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    if (lead.roundsBefore !== undefined)
      await client.workflow.getHandle(options.workflowId).signal(GIVEN_BACK_SIGNAL);
    return false;
  });
}
