import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** A row of protections.yaml, which explains the keys. */
export interface Protection {
  name: string;
  without: string;
  file: string;
  text: string;
  becomes?: string;
  test: [project: string, file: string, name: string];
}

export const PROTECTIONS = parse(
  readFileSync(new URL('protections.yaml', import.meta.url), 'utf8'),
) as Protection[];

/** Returns the file with the protection removed. */
export const unprotected = (source: string, { text, becomes = '' }: Protection): string =>
  source.replace(text, () => becomes);
