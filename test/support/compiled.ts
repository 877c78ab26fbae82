import { join } from 'node:path';

/** Node's arguments that run `gavel`, of a folder with the compiled product. */
export const gavelIn = (compiled: string): string[] => [join(compiled, 'src', 'cli', 'gavel.js')];

/** The file there that a worker loads the workflows from. */
export const bundleIn = (compiled: string): string => join(compiled, 'workflow-bundle.js');
