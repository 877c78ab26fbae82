import type { TestProject } from 'vitest/node';
import { compiled } from '../../scripts/compile.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of the compiled product. */
    compiled: string;
  }
}

/** Compiles the product once, because the projects are set up one after another. */
export default async function setup(project: TestProject): Promise<void> {
  project.provide('compiled', await compiled());
}
