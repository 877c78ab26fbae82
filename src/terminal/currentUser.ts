import { hostname, userInfo } from 'node:os';
import type { Actor } from '../store/audit.js';

/** Who typed the command, as the audit and proofs of erasure name them: `dana@laptop`. */
export const userAtHost = (): string => `${userName()}@${hostname()}`;

export const cliActor = (): Actor => ({ who: userAtHost(), via: 'cli' });

/** In a container the user may be a number that no name belongs to. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
