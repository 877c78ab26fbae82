import { fileURLToPath } from 'node:url';

/** The arguments for Node that run one of the compiled files beside this one. */
export function nodeArguments(
  file: 'cli/gavel' | 'local/demo/buyers' | `bench/${'buyers' | 'worker'}`,
  ...args: string[]
): string[] {
  return ['--enable-source-maps', fileURLToPath(new URL(`../${file}.js`, import.meta.url)), ...args];
}
