import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findBinary } from './findBinary.js';
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
