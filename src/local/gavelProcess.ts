import { fileURLToPath } from 'node:url';

/** The arguments for Node that run a compiled file of the product. */
export function nodeArguments(file: 'cli/gavel' | 'local/demo/demoBuyers', ...args: string[]): string[] {
  return ['--enable-source-maps', fileURLToPath(new URL(`../${file}.js`, import.meta.url)), ...args];
}
