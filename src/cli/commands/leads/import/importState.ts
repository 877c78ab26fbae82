import { appendFileSync, readFileSync } from 'node:fs';
import Type from 'typebox';
import Value from 'typebox/value';
import { CommandFailed } from '../../../../terminal/commandFailed.js';

/** The accepted rows of a file, in a file of its own beside it: one JSON object a line, and no personal data. */
export interface ImportState {
  /** Lines whose leads were accepted. */
  accepted: ReadonlySet<number>;
  /** Notes an accepted lead. */
  accept(line: number, leadId: string): void;
}

const Head = Type.Object({ file: Type.String(), url: Type.String() });
const Accepted = Type.Object({ line: Type.Integer(), lead_id: Type.String() });

/**
 * Opens the state of an import, or begins it.
 * @param head the file by its hash, and where it is imported to
 * @throws CommandFailed if the state is that of another import
 */
export function openImportState(path: string, head: Type.Static<typeof Head>): ImportState {
  const text = readText(path);
  const [first, ...rest] = valuesIn(text);
  if (first === undefined) appendFileSync(path, `${JSON.stringify(head)}\n`, { mode: 0o600 });
  else if (!Value.Check(Head, first))
    throw new CommandFailed(`${path} is not the state of an import. Name another file by --state.`);
  else if (first.file !== head.file)
    throw new CommandFailed(
      `The file has changed since its import began (${path}), so that its rows could be sent twice. ` +
        'Import only new rows, such as a corrected rejects file, from a file of their own.',
    );
  else if (first.url !== head.url)
    throw new CommandFailed(
      `The file was imported to ${first.url} (${path}). To import it to ${head.url} too, name another file by --state.`,
    );
  else if (!text.endsWith('\n')) appendFileSync(path, '\n');
  const accepted = new Set(rest.flatMap((line) => (Value.Check(Accepted, line) ? [line.line] : [])));
  return {
    accepted,
    accept(line, leadId) {
      accepted.add(line);
      appendFileSync(path, `${JSON.stringify({ line, lead_id: leadId })}\n`);
    },
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

/** The values of its lines. A line that a killed process has written in part has none. */
const valuesIn = (text: string): unknown[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => {
      try {
        return JSON.parse(line);
      } catch {
        return undefined;
      }
    });
