import { isMissing, REQUIRED_BY_DEFAULT, type FieldFault } from '../../../../market/fields/standardFields.js';
import { readLead } from '../../../../market/intake/readLead.js';
import { mergeFields } from '../../../../api/leads/mergeFields.js';
import { OperationError } from '../../../../operations/operationError.js';
import { colors, print, printJson, table } from '../../../../terminal/print.js';
import { leadOf, type ImportTerms } from './importColumns.js';
import { openImportFile } from './importFile.js';

/** What a row becomes. */
interface TriedRow {
  line: number;
  lead: Record<string, unknown>;
  faults: FieldFault[];
  warnings: FieldFault[];
}

/** Rows that are shown whole. */
const SHOWN_ROWS = 3;
/** Lines that are named for a problem. */
const SHOWN_LINES = 5;

/**
 * Reads a file as the exchange would, without sending anything. Campaigns may require other fields, and sources may have
 * names of their own: only the exchange knows these.
 */
export async function dryRun(file: string, terms: ImportTerms, { json }: { json: boolean }): Promise<void> {
  const { encoding, delimiter, columns, rows } = await openImportFile(file, terms);
  const filled = columns.map(() => 0);
  const problems = new Map<string, number[]>();
  const first: TriedRow[] = [];
  let total = 0;
  let faulty = 0;
  for await (const { line, cells } of rows) {
    total += 1;
    columns.forEach((_column, i) => {
      if ((cells[i] ?? '') !== '') filled[i] = (filled[i] ?? 0) + 1;
    });
    const tried = tryRow(line, leadOf(cells, columns, terms));
    if (json) printJson(tried, 0);
    else if (first.length < SHOWN_ROWS) first.push(tried);
    if (tried.faults.length > 0) faulty += 1;
    for (const { field, problem } of [...tried.faults, ...tried.warnings]) {
      const text = `${field}: ${problem}`;
      const lines = problems.get(text);
      if (lines === undefined) problems.set(text, [line]);
      else lines.push(line);
    }
  }
  if (json) return;
  print(`${file}: ${encoding}, separated by ${delimiter === '\t' ? 'tabs' : `"${delimiter ?? ''}"`}`);
  const shown = columns.map(({ name, sentAs, field }, i) => [
    name,
    sentAs ?? 'left out',
    sentAs === undefined ? '' : (field ?? 'a custom field'),
    String(filled[i] ?? 0),
  ]);
  print(table(['column', 'sent as', 'means', 'rows'], shown));
  for (const { line, lead } of first) print(`${colors.dim(`line ${line}`)}  ${JSON.stringify(lead)}`);
  print(`Rows: ${total}; that would be refused: ${faulty}`);
  const counted = [...problems].toSorted(([, a], [, b]) => b.length - a.length);
  for (const [text, lines] of counted) {
    const more = lines.length > SHOWN_LINES ? ', …' : '';
    print(
      `${lines.length} × ${text} (${lines.length === 1 ? 'line' : 'lines'} ${lines.slice(0, SHOWN_LINES).join(', ')}${more})`,
    );
  }
  print(
    `Required here: ${['seller', 'category', ...REQUIRED_BY_DEFAULT].join(', ')}. A campaign may require others.`,
  );
  print('A dry run: nothing was sent.');
}

function tryRow(line: number, sent: Record<string, string> | string): TriedRow {
  const refused = (problem: string): TriedRow => ({
    line,
    lead: {},
    faults: [{ field: 'row', problem }],
    warnings: [],
  });
  if (typeof sent === 'string') return refused(sent);
  try {
    const given = mergeFields({ query: [], body: Object.entries(sent) });
    const { lead, faults, warnings } = readLead(given, { required: REQUIRED_BY_DEFAULT });
    const { seller, category } = sent;
    // The hint of a missing field may name another field of this row.
    const counted = faults.map((fault) => (isMissing(fault) ? { ...fault, problem: 'missing' } : fault));
    return { line, lead: { seller, category, ...lead.fields }, faults: counted, warnings };
  } catch (error) {
    if (error instanceof OperationError) return refused(error.message);
    throw error;
  }
}
