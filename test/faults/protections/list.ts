import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** One row of protections.yaml, where its keys are explained. */
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

/** The file without its protection. */
export const unprotected = (source: string, { text, becomes = '' }: Protection): string =>
  source.replace(text, () => becomes);
