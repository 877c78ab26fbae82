import { Worker } from '@temporalio/worker';

/**
 * A worker without the SDK's time limit of five seconds for a call into the workflow sandbox. Node implements the limit with
 * a new thread for each call, nine for a lead, and that costs more than most of the calls. Node also ends a process that was
 * paused in the middle of such a call (https://github.com/nodejs/node/issues/38503). The SDK has no option for it.
 */
export class LeadWorker extends Worker {
  protected static override createWorkflowCreator(
    ...[bundle, options, logger]: Parameters<typeof Worker.createWorkflowCreator>
  ): ReturnType<typeof Worker.createWorkflowCreator> {
    const uninterrupted = { ...options, isolateExecutionTimeoutMs: undefined as unknown as number };
    return super.createWorkflowCreator(bundle, uninterrupted, logger);
  }
}
