import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../src/packageRoot.js';

/**
 * `npm run test:scenarios [NAME]`: the scenarios whose title or file name contains NAME, through the rules alone and then
 * through the whole engine; all of them without NAME.
 */

const [node = '', script = '', ...words] = process.argv;
const name = words.join(' ').replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
const projects = ['--project', 'unit', '--project', 'scenario', 'scenarios.test.ts'];
process.argv = [node, script, 'run', ...projects, ...(name === '' ? [] : ['-t', name])];
await import(pathToFileURL(join(packageRoot, 'node_modules', 'vitest', 'vitest.mjs')).href);
