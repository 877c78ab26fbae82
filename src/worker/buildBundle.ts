import { writeFile } from 'node:fs/promises';
import { BUNDLE_PATH, bundleWorkflows } from './bundleWorkflows.js';

// scripts/compile.mjs runs it once everything is compiled, so that a worker starts without bundling. A bundle made of the
// sources would lie beside them and be used after they have changed.
if (import.meta.url.endsWith('.ts')) throw new Error('Run the compiled file: npm run build');

await writeFile(BUNDLE_PATH, (await bundleWorkflows()).code);
