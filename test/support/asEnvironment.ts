import type { Settings } from '../../src/config.js';

/** The settings as the environment of a child process. */
export function asEnvironment(settings: Partial<Settings>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]));
}
