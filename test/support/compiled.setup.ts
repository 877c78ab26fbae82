import type { TestProject } from 'vitest/node';
import { compiled } from '../../src/local/compile.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of the compiled product. */
    compiled: string;
  }
}

/** Every project loads this file anew, so what they share in vitest's one process hangs on `globalThis`. */
const shared = globalThis as typeof globalThis & { gavelTestCompiled?: Promise<string> };

/** Compiles the product once for a run, unless it is compiled already. */
export default async function setup(project: TestProject): Promise<void> {
  shared.gavelTestCompiled ??= compiled();
  project.provide('compiled', await shared.gavelTestCompiled);
}
