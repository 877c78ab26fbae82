import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUILT, bundleWorkflows } from '../temporal/bundleWorkflows.js';
import { packageRoot } from './packageRoot.js';

/** Everything that can be in a bundle: the code, compiled or not, and the packages' versions. */
const SOURCES = ['workflows', 'src'].map((dir) => fileURLToPath(new URL(`../../${dir}`, import.meta.url)));
const PACKAGES = join(packageRoot, 'package-lock.json');

/**
 * The workflows as a worker loads them: built before, or bundled from the source. Bundling takes seconds, so `.local` keeps
 * the bundle of the source as it is, by the hash of all of it.
 */
export async function workflowBundle(): Promise<{ codePath: string }> {
  if (existsSync(BUILT)) return { codePath: BUILT };
  const dir = join(packageRoot, '.local', 'workflows');
  const name = `${hashOf([...SOURCES.flatMap(filesIn), PACKAGES])}.js`;
  const codePath = join(dir, name);
  if (!existsSync(codePath)) {
    const { code } = await bundleWorkflows();
    mkdirSync(dir, { recursive: true });
    // Whole or not at all, for those that start at the same time.
    const unfinished = `${codePath}.${process.pid}`;
    writeFileSync(unfinished, code);
    renameSync(unfinished, codePath);
    for (const other of readdirSync(dir))
      if (other.endsWith('.js') && other !== name) rmSync(join(dir, other), { force: true });
  }
  return { codePath };
}

const filesIn = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();

function hashOf(files: string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  return hash.digest('hex').slice(0, 16);
}
