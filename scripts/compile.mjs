import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const PRODUCT = ['src', 'workflows', 'activities'];
/** Compiled in a clone only: the bench measures best as plain JavaScript. The image does not have it. */
const IN_A_CLONE = [...PRODUCT, 'test/bench'];
const KEPT_MS = 7 * 86_400_000;

/**
 * Compiles the product and bundles its workflows. Types are not checked.
 * @param {string} outdir a folder within the project, so that the packages are found from it
 * @param {string[]} [folders] what to compile
 */
export async function compileTo(outdir, folders = PRODUCT) {
  await build({
    entryPoints: sources(folders).filter((file) => file.endsWith('.ts')),
    outdir,
    outbase: root,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    logLevel: 'warning',
  });
  await promisify(execFile)(process.execPath, [join(outdir, 'src', 'worker', 'buildBundle.js')]);
}

/**
 * The compiled product. `.local/compiled` keeps it by the hash of its sources, so that a command starts at once and a
 * running stack is not affected by a change of the source.
 * @param {() => void} [begins] called before it compiles, which takes seconds
 * @returns the folder that has `src/cli/gavel.js`
 */
export async function compiled(begins) {
  const all = join(root, '.local', 'compiled');
  const dir = join(all, hashOf([...sources(IN_A_CLONE), join(root, 'package-lock.json')]));
  if (existsSync(dir)) {
    utimesSync(dir, new Date(), new Date());
    return dir;
  }
  begins?.();
  mkdirSync(all, { recursive: true });
  removeUnused(all);
  const unfinished = `${dir}.${process.pid}`;
  await compileTo(unfinished, IN_A_CLONE);
  try {
    renameSync(unfinished, dir);
  } catch (error) {
    // Another process has compiled the same meanwhile.
    if (!existsSync(dir)) throw error;
    rmSync(unfinished, { recursive: true });
  }
  return dir;
}

/** @param {string[]} folders */
const sources = (folders) =>
  folders
    .flatMap((dir) => readdirSync(join(root, dir), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();

/** @param {string[]} files */
function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('hex').slice(0, 16);
}

/** What nobody has started for a week; a stack that runs loads some of its files late. @param {string} all */
function removeUnused(all) {
  for (const name of readdirSync(all)) {
    const dir = join(all, name);
    // Not there any more where another process has just given it its name.
    const { mtimeMs = Date.now() } = statSync(dir, { throwIfNoEntry: false }) ?? {};
    if (Date.now() - mtimeMs > KEPT_MS) rmSync(dir, { recursive: true, force: true });
  }
}
