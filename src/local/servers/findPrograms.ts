import { existsSync, accessSync, constants, statSync } from 'node:fs';
import { join, delimiter } from 'node:path';
import { packageRoot } from '../../packageRoot.js';

/** Where the servers' packages are installed, for every stack of this folder. */
export const packagesDir = join(packageRoot, '.local', 'python');

/** The program that both serves and asks Temporal, in a folder of packages. */
export const temporalIn = (dir: string): string => join(dir, 'bin', 'temporal');

/** Temporal's program: on PATH, else the one that `npm start` has downloaded. */
export function findTemporal(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const downloaded = temporalIn(packagesDir);
  return findBinary(['temporal'], env) ?? (existsSync(downloaded) ? downloaded : undefined);
}

/** The first of some programs that is on PATH, with its whole path. */
export function findBinary(names: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  const dirs = (env.PATH ?? '').split(delimiter).filter((dir) => dir !== '');
  return names.flatMap((name) => dirs.map((dir) => join(dir, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
