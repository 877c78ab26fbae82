import { readFile } from 'node:fs/promises';
import { text as allOf } from 'node:stream/consumers';
import { CommandFailed } from './commandFailed.js';

export async function readText(file: string): Promise<string> {
  try {
    return file === '-' ? await allOf(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const why =
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : String(error);
    throw new CommandFailed(`${file} can't be read: ${why}.`);
  }
}
