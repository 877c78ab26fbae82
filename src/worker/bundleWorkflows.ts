import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** Where the build puts the bundle, beside the compiled code (buildBundle.ts). */
export const BUNDLE_PATH = fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url));

/**
 * The workflows as the one file that a worker loads into its sandbox.
 * @param dir the folder whose index exports the workflows
 */
export async function bundleWorkflows(
  dir = new URL('../../workflows', import.meta.url),
): Promise<{ code: string }> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(dir),
    // Loaded once for all workflows, and not again for each: no module of theirs keeps any state.
    preloadModules: [fileURLToPath(dir)],
    // Names within the bundle are relative to it; by default to wherever the process happens to be.
    webpackConfigHook: (config) => ({ ...config, context: fileURLToPath(new URL('.', dir)) }),
    logger: new DefaultLogger('WARN'),
  });
  return { code };
}
