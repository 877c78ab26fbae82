import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/local/packageRoot.js';

const run = promisify(execFile);

/**
 * Compiles the product as `npm run build` does, without a look at types, and returns the arguments for Node that run
 * `gavel` from there: a process that is killed over and over is back in a second, and not busy with compiling itself.
 * @param dist a folder within the project, so that the packages are found from it
 */
export async function compiled(dist: string): Promise<string[]> {
  const node = (...args: string[]) => run(process.execPath, args, { cwd: packageRoot });
  const tsc = join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc');
  await node(tsc, '-p', 'tsconfig.build.json', '--noCheck', '--noResolve', '--outDir', dist);
  await node(join(dist, 'src', 'temporal', 'buildBundle.js'));
  return [join(dist, 'src', 'cli', 'gavel.js')];
}
