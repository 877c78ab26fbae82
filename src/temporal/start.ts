import type { WorkflowStartOptions } from '@temporalio/client';
import type { TypedSearchAttributes } from '@temporalio/common';
import type { LeadFacts } from '../market/lead.js';
import { searchAttributes, workflowId } from './names.js';

/**
 * How a lead's workflow is started, by the API and by the sweep alike. Whoever comes second finds the first's
 * workflow; one that was terminated or failed is begun again, because the lead's own status says that it has not ended.
 * A lead that a buyer gave back has a workflow that ended well, and begins another.
 */
export function startOptions(lead: LeadFacts, taskQueue: string) {
  return {
    workflowId: workflowId(lead.leadId),
    taskQueue,
    args: [lead] as [LeadFacts],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy:
      lead.roundsBefore === undefined ? 'ALLOW_DUPLICATE_FAILED_ONLY' : 'ALLOW_DUPLICATE',
    staticSummary: [lead.category, lead.state, lead.seller, lead.test ? 'test' : undefined]
      .filter(Boolean)
      .join(' · '),
    typedSearchAttributes: [
      { key: searchAttributes.status, value: lead.roundsBefore === undefined ? 'received' : 'pending' },
      { key: searchAttributes.seller, value: lead.seller },
      { key: searchAttributes.category, value: lead.category },
      ...(lead.state === undefined ? [] : [{ key: searchAttributes.state, value: lead.state }]),
    ] as ConstructorParameters<typeof TypedSearchAttributes>[0],
  } satisfies WorkflowStartOptions;
}
