import { readFileSync } from 'node:fs';
import Type from 'typebox';
import Value from 'typebox/value';
import { parse } from 'yaml';
import { FULL_NAME, meanings } from '../../../../market/fields/aliases.js';
import { foldedName } from '../../../../market/fields/fieldNames.js';
import { standardField } from '../../../../market/fields/standardFields.js';
import { CommandFailed } from '../../../../terminal/commandFailed.js';

/** How the columns of a file become the fields of a lead. */
export interface ImportTerms {
  /** The field of a column; an empty one leaves the column out. Other columns keep their names. */
  columns: ReadonlyMap<string, string>;
  /** Fields that each lead has unless its row has a value. */
  set: ReadonlyMap<string, string>;
}

/** A column of the file. */
export interface ImportColumn {
  /** As in the first line. */
  name: string;
  /** The name under which its values are sent; undefined if they are not. */
  sentAs?: string;
  /** The documented field that this name usually means; undefined: a custom field. */
  field?: string;
}

/** The two columns of a rejects file that are not in its original; an import leaves them out. */
export const REJECT_COLUMNS = ['gavel_line', 'gavel_reason'] as const;

const MappingFile = Type.Object(
  {
    columns: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()]))),
    set: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]))),
  },
  { additionalProperties: false },
);

/** The terms of a mapping file, before those of the command line. @throws CommandFailed */
export function readTerms(file: string | undefined, own: ImportTerms): ImportTerms {
  if (file === undefined) return own;
  const { columns = {}, set = {} } = readMappingFile(file);
  const named = Object.entries(columns).map(([name, field]): [string, string] => [name, field ?? '']);
  const given = Object.entries(set).map(([name, value]): [string, string] => [name, String(value)]);
  return { columns: new Map([...named, ...own.columns]), set: new Map([...given, ...own.set]) };
}

function readMappingFile(file: string): Type.Static<typeof MappingFile> {
  let content: unknown;
  try {
    content = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new CommandFailed(`${file} can't be read: ${error instanceof Error ? error.message : ''}`);
  }
  if (Value.Check(MappingFile, content)) return content;
  throw new CommandFailed(
    `${file} is no mapping. Write "columns:" with a field for a column, and "set:" with a value for a field.`,
  );
}

/** @throws CommandFailed if a column has no name of its own, or the terms name one that is not there */
export function readColumns(header: readonly string[], { columns }: ImportTerms): ImportColumn[] {
  const names = header.map((name) => name.trim());
  const twice = names.find((name, i) => name !== '' && names.indexOf(name) < i);
  if (twice !== undefined)
    throw new CommandFailed(`Two columns are named "${twice}". Rename one in the first line.`);
  const fields = new Map(
    [...columns].map(([column, field]): [string, string] => [columnOf(column, names), field.trim()]),
  );
  const usual = meanings({});
  const read = names.map((name): ImportColumn => {
    const sentAs = fields.get(name) ?? name;
    if (sentAs === '' || REJECT_COLUMNS.some((added) => added === name)) return { name };
    const field = standardField(sentAs) === undefined ? usual(sentAs)?.field : sentAs;
    return { name, sentAs, field: field === FULL_NAME ? 'firstName, lastName' : field };
  });
  const sent = read.flatMap(({ sentAs }) => sentAs ?? []);
  const repeated = sent.find((name, i) => sent.indexOf(name) < i);
  if (repeated === undefined) return read;
  throw new CommandFailed(`Two columns are sent as "${repeated}". Map one of them to another name.`);
}

/** A column by its name, else by a spelling of it. */
function columnOf(wanted: string, names: readonly string[]): string {
  const [found, ...others] = names.includes(wanted)
    ? [wanted]
    : names.filter((name) => foldedName(name) === foldedName(wanted));
  if (found !== undefined && others.length === 0) return found;
  const listed = names.map((name) => `"${name}"`).join(', ');
  throw new CommandFailed(`The file has no column "${wanted}". Its columns are ${listed}.`);
}

/** The lead of a row, or why it can't be sent. */
export function leadOf(
  cells: readonly string[],
  columns: readonly ImportColumn[],
  { set }: ImportTerms,
): Record<string, string> | string {
  const surplus = cells.slice(columns.length).filter((cell) => cell !== '');
  if (surplus.length > 0)
    return `the row has ${cells.length} cells, the first line has ${columns.length}; a quote may be missing`;
  const lead: Record<string, string> = Object.fromEntries(set);
  columns.forEach(({ sentAs }, i) => {
    const cell = cells[i] ?? '';
    if (sentAs !== undefined && cell !== '') lead[sentAs] = cell;
  });
  return lead;
}
