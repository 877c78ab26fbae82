import { createInterface } from 'node:readline/promises';
import { forTerminal } from './terminal.js';

/** Whether a person is there to be asked: input and output are a terminal. */
export const isInteractive = (): boolean => process.stdin.isTTY && process.stdout.isTTY;

/** Asks a person at the terminal; anything but y or yes is a no, and so is the end of the input. */
export async function confirm(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const ended = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  try {
    const answer = await Promise.race([terminal.question(forTerminal(`${question} [y/N] `)), ended]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
