/** A path in the file's tree: keys and list indexes. */
export type Path = readonly (string | number)[];

/** Line and column in the text, both from 1. */
export interface Position {
  line: number;
  column: number;
}

/** One fault of a market file: its position, and what to write instead. */
export interface Fault extends Position {
  /** `campaigns[0].contracts[1].price`; empty if the fault concerns the text as a whole. */
  path: string;
  message: string;
}

/** Takes a fault at a path: `key` points at the key, for faults that are not with its value. */
export type Report = (path: Path, message: string, at?: 'key' | 'value') => void;

/** `campaigns[0].contracts[1].price` */
export function pathText(path: Path): string {
  return path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`))
    .join('');
}

/** `market.yaml:31:15  campaigns[0].sale.floor: -1 is not …` */
export function faultText(file: string, { line, column, path, message }: Fault): string {
  return `${file}:${line}:${column}  ${path === '' ? '' : `${path}: `}${message}`;
}

/** `1 fault`, `3 faults` */
export const faultCount = ({ length }: readonly Fault[]): string =>
  length === 1 ? '1 fault' : `${length} faults`;

/** In the order of the text. */
export const byPosition = (a: Fault, b: Fault): number => a.line - b.line || a.column - b.column;
