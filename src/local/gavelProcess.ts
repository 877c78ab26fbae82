import { fileURLToPath } from 'node:url';

const isSource = import.meta.url.endsWith('.ts');

/** The arguments for Node that run one of our files, from the source or, where this file is compiled, compiled too. */
export function nodeArguments(
  file: 'cli/gavel' | 'local/demo/buyers' | `bench/${'buyers' | 'worker'}`,
  ...args: string[]
): string[] {
  const path = fileURLToPath(new URL(`../${file}.${isSource ? 'ts' : 'js'}`, import.meta.url));
  return [...(isSource ? ['--import', import.meta.resolve('tsx')] : []), path, ...args];
}
