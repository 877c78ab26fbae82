import type { Reading } from './reading.js';
import { readTypedText } from './text.js';

const YES = new Set(['yes', 'y', 'true', 't', '1', 'on', 'checked', 'accepted', 'x', '✓', '✔', '☑']);
const NO = new Set(['no', 'n', 'false', 'f', '0', 'off', 'unchecked', '☐']);

/**
 * Yes or no, as `yes` or `no`. Blank is not no: a box that is not ticked is not sent at all. Other words (`Own`,
 * `yes, I agree`) are left to a lookup of the campaign, an `enum`.
 */
export function readBoolean(sent: string): Reading {
  return readTypedText(sent, 'neither yes nor no', (text) => {
    const word = text
      .toLowerCase()
      .replace(/^["'“‘.]+|["'”’.]+$/gu, '')
      .replace(/^([01])\.0+$/, '$1')
      .replace(/\uFE0F$/u, '');
    if (YES.has(word)) return 'yes';
    return NO.has(word) ? 'no' : undefined;
  });
}
