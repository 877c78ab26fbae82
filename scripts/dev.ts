import { spawn } from 'node:child_process';
import { readdirSync, watch } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pc from 'picocolors';
import { packageRoot } from '../src/packageRoot.js';
import { compileTo } from './compile.mjs';

/**
 * `npm run dev`: the stack of `npm start`, compiled from the source as it is now. After each change the source is compiled
 * again and worker and APIs restart; servers, demo buyers, data and keys stay.
 */

/** Editors write several files at once, ms. */
const DEBOUNCE_MS = 150;

const compiled = join(packageRoot, '.local', 'dev');
const say = (text: string): void => console.error(pc.dim(`dev  ${text}`));

await rm(compiled, { recursive: true, force: true });
say('compiling …');
await compileTo(compiled);

const program = join(compiled, 'src', 'cli', 'gavel.js');
const stack = spawn(process.execPath, ['--enable-source-maps', program, 'stack', '--demo'], {
  cwd: packageRoot,
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
});
// A Ctrl-C reaches the stack too; this process ends after it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (signal !== 'SIGINT') stack.kill(signal);
  });
}
stack.once('exit', (code) => process.exit(code ?? 130));

let changes = 0;
let isCompiling = false;

async function compileAndRestart(): Promise<void> {
  changes += 1;
  if (isCompiling) return;
  isCompiling = true;
  for (let seen = 0; seen !== changes;) {
    seen = changes;
    await sleep(DEBOUNCE_MS);
    if (seen !== changes) continue;
    const started = performance.now();
    try {
      await compileTo(compiled);
      say(`compiled in ${((performance.now() - started) / 1000).toFixed(1)} s; restarting worker and APIs …`);
      stack.send('restart');
    } catch {
      // esbuild has printed the fault with its line.
      say('not restarted: the source does not compile');
    }
  }
  isCompiling = false;
}

const watched = new Set<string>();

/**
 * Watches each folder by itself: Node's recursive watch on Linux follows files, and loses one that an editor replaces by
 * a rename.
 */
function watchFolder(folder: string): void {
  if (watched.has(folder)) return;
  watched.add(folder);
  watch(folder, () => {
    watchFolders(folder);
    void compileAndRestart();
  }).on('error', () => watched.delete(folder));
  watchFolders(folder);
}

function watchFolders(parent: string): void {
  for (const entry of readdirSync(parent, { withFileTypes: true }))
    if (entry.isDirectory()) watchFolder(join(parent, entry.name));
}

for (const folder of ['src', 'workflows', 'activities']) watchFolder(join(packageRoot, folder));
