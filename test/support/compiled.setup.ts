import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { runDir } from '../../src/local/runDir.js';
import { compiled } from './compiled.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Node's arguments that run `gavel`. */
    compiledGavel: string[];
  }
}

/** Every project loads this file anew, so what they share in vitest's one process hangs on `globalThis`. */
const shared = globalThis as typeof globalThis & { gavelTestCompiled?: Promise<string[]> };

/** Compiles the product once for all the processes of a run; the folder goes with that of its servers. */
export default async function setup(project: TestProject): Promise<void> {
  shared.gavelTestCompiled ??= compiled(join(runDir('test'), 'dist'));
  project.provide('compiledGavel', await shared.gavelTestCompiled);
}
