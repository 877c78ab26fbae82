import { join } from 'node:path';

/** Node's arguments that run `gavel` from a folder with the compiled product. */
export const gavelIn = (compiled: string): string[] => [join(compiled, 'src', 'cli', 'gavel.js')];

/** The workflow bundle in that folder. */
export const bundleIn = (compiled: string): string => join(compiled, 'workflow-bundle.js');
