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
const PRODUCT = ['src', 'workflows', 'activities', 'clients/typescript/src'];
/** What Node is started with. They are bundled: to load 1,200 small files instead takes half a second. */
const PROGRAMS = ['src/cli/gavel.ts', 'src/local/demo/demoBuyers.ts'];
/** Packages of many ES modules, which are bundled with the programs. The other packages are loaded from node_modules. */
const BUNDLED = [
  '@fastify/type-provider-typebox',
  'csv-parse',
  'entities',
  'libphonenumber-js',
  'typebox',
  'uuid',
];
/** Compiled in a clone only: the bench measures best as plain JavaScript. The image does not have it. */
const IN_A_CLONE = [...PRODUCT, 'test/bench'];
const KEPT_MS = 7 * 86_400_000;

/**
 * Compiles the product and bundles its workflows. Types are not checked.
 * @param {string} outdir a folder within the project, so that the packages are found from it
 * @param {string[]} [folders] what to compile
 */
export async function compileTo(outdir, folders = PRODUCT) {
  /** @type {import('esbuild').BuildOptions} */
  const options = {
    outdir,
    outbase: root,
    format: 'esm',
    platform: 'node',
    // The first version that reads JSON files as modules without a warning.
    target: 'node20.19',
    sourcemap: true,
    logLevel: 'warning',
  };
  await build({
    ...options,
    entryPoints: sources(folders).filter((file) => file.endsWith('.ts') || file.endsWith('.json')),
    loader: { '.json': 'copy' },
  });
  await build({
    ...options,
    entryPoints: PROGRAMS.map((file) => join(root, file)),
    bundle: true,
    splitting: true,
    // As deep as the programs: paths to other files of the product are relative.
    chunkNames: 'src/chunks/[name]-[hash]',
    sourcesContent: false,
    plugins: [othersAreExternal],
  });
  await promisify(execFile)(process.execPath, [join(outdir, 'src', 'worker', 'buildBundle.js')]);
}

/** @type {import('esbuild').Plugin} */
const othersAreExternal = {
  name: 'others-are-external',
  setup: (building) => {
    building.onResolve({ filter: /^[^./]/ }, ({ path }) => {
      const [first = '', second = ''] = path.split('/');
      const name = first.startsWith('@') ? `${first}/${second}` : first;
      return BUNDLED.includes(name) ? undefined : { path, external: true };
    });
  },
};

/**
 * The compiled product. `.local/compiled` keeps it by the hash of its sources and of this file, so that a command starts
 * at once and a running stack is not affected by a change of the source.
 * @param {() => void} [begins] called before it compiles, which takes seconds
 * @returns the folder that has `src/cli/gavel.js`
 */
export async function compiled(begins) {
  const all = join(root, '.local', 'compiled');
  const others = [fileURLToPath(import.meta.url), join(root, 'package-lock.json')];
  const dir = join(all, hashOf([...sources(IN_A_CLONE), ...others]));
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
