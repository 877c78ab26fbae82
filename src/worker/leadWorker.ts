import { Worker } from '@temporalio/worker';
import type { Workflow, WorkflowCreator } from '@temporalio/worker/lib/workflow/interface.js';

type Completion = Awaited<ReturnType<Workflow['activate']>>;

/** A worker that calls the workflow sandbox, which runs in another thread, in a cheaper way. The SDK has no options for it. */
export class LeadWorker extends Worker {
  /**
   * Removes the SDK's time limit of five seconds for a call into the sandbox. Node implements the limit with a new thread
   * for each call, nine for a lead, and that costs more than most of the calls. Node also ends a process that was paused
   * in the middle of such a call (https://github.com/nodejs/node/issues/38503).
   */
  protected static override async createWorkflowCreator(
    ...[bundle, options, logger]: Parameters<typeof Worker.createWorkflowCreator>
  ): Promise<WorkflowCreator> {
    const unlimited = { ...options, isolateExecutionTimeoutMs: undefined as unknown as number };
    const creator = await super.createWorkflowCreator(bundle, unlimited, logger);
    return {
      createWorkflow: async (created) => withFailureLinesOnly(await creator.createWorkflow(created)),
      destroy: () => creator.destroy(),
    };
  }
}

/**
 * Fetches the SDK's log lines of a workflow only if it fails. The others say on level `debug` that it started and
 * completed, and the SDK would wait for the sandbox after each activation to fetch them.
 */
function withFailureLinesOnly(workflow: Workflow): Workflow {
  let isFailed = false;
  return {
    activate: async (activation) => {
      const completion = await workflow.activate(activation);
      isFailed = hasFailed(completion);
      return completion;
    },
    getAndResetSinkCalls: async () => (isFailed ? workflow.getAndResetSinkCalls() : []),
    dispose: () => workflow.dispose(),
  };
}

const hasFailed = ({ failed, successful }: Completion): boolean =>
  Boolean(failed) || (successful?.commands ?? []).some((command) => Boolean(command.failWorkflowExecution));
