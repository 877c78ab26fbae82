import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleOption } from '@temporalio/worker';

/** Where the build puts the bundle, beside the compiled code (buildBundle.ts). */
export const BUILT = fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url));

/** The workflows as the one file that a worker loads into its sandbox: built before, or bundled now from the source. */
export async function workflowBundle(): Promise<WorkflowBundleOption> {
  if (existsSync(BUILT)) return { codePath: BUILT };
  return bundleWorkflows();
}

export async function bundleWorkflows(): Promise<{ code: string }> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows', import.meta.url)),
    logger: new DefaultLogger('WARN'),
  });
  return { code };
}
