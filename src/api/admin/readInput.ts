import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import Value from 'typebox/value';
import { pathText } from '../../market/file/fault.js';
import { checkShape } from '../../market/file/shape.js';
import { MISSING, type FieldFault } from '../../market/fields/standardFields.js';
import { OperationError, invalidRequest } from '../../operations/operationError.js';
import { readBody, readForm } from '../http/body.js';
import type { Entries } from '../../operations/body/entries.js';
import { queryOf } from '../http/requestTarget.js';
import { unsupportedType } from '../../operations/body/unsupportedType.js';
import { headerName, inputLocation, type Operation } from '../../operations/operation.js';
import { INVISIBLE_PROBLEM, findInvisibleCharacters } from '../../operations/invisibleCharacters.js';

/**
 * Reads an operation’s input from the path, headers, query and body of a request.
 * @throws OperationError with all faults
 */
export async function readInput<In extends Type.TObject>(
  operation: Operation<In>,
  request: FastifyRequest<{ Params: Record<string, string>; Body: Buffer | undefined }>,
): Promise<Type.Static<In>> {
  const sent = {
    path: Object.entries(request.params),
    header: (operation.headers ?? []).flatMap((name): Entries => {
      const value = request.headers[headerName(name)];
      return value === undefined ? [] : [[name, value]];
    }),
    query: readForm(queryOf(request.url)),
    body: await bodyOf(operation, request.body ?? Buffer.alloc(0), request.headers['content-type']),
  };
  const faults: FieldFault[] = [];
  const given: Record<string, unknown> = {};
  for (const place of ['path', 'header', 'query', 'body'] as const) {
    for (const [name, value] of sent[place]) {
      if (Object.hasOwn(given, name)) faults.push({ field: name, problem: 'given twice' });
      else if (Object.hasOwn(operation.input.properties, name) && inputLocation(operation, name) !== place)
        faults.push({ field: name, problem: `belongs in the ${inputLocation(operation, name)}` });
      else given[name] = place === 'body' ? value : plain(operation.input.properties[name], value);
    }
  }
  checkShape(operation.input, given, [], (path, message) => {
    const field = pathText(path);
    if (faults.every((fault) => fault.field !== field))
      faults.push({ field, problem: problemOf(field, message) });
  });
  for (const field of findInvisibleCharacters(given)) faults.push({ field, problem: INVISIBLE_PROBLEM });
  if (faults.length === 0 && Value.Check(operation.input, given)) return given;
  throw faulty(faults);
}

async function bodyOf(
  { takesFile = false }: Operation,
  body: Buffer,
  type: string | undefined,
): Promise<Entries> {
  const [name = ''] = (type ?? 'application/json').split(';');
  const isJson = name.trim().toLowerCase() === 'application/json';
  if (takesFile) return [['file', fileOf(body, isJson, name.trim().toLowerCase())]];
  if (body.length > 0 && !isJson) throw unsupportedType('Send application/json.');
  return readBody(body, type);
}

const YAML = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'];
const utf8 = new TextDecoder('utf-8', { fatal: true });

function fileOf(body: Buffer, isJson: boolean, type: string): string {
  if (!isJson && !YAML.includes(type))
    throw unsupportedType('Send the file with "Content-Type: application/yaml" (or application/json).');
  try {
    return utf8.decode(body);
  } catch {
    throw invalidRequest('The file is not in UTF-8. Save it as UTF-8 and send it again.');
  }
}

/** Parameters in a path or query are text; numbers and booleans are parsed. */
function plain(schema: Type.TSchema | undefined, value: unknown): unknown {
  if (schema === undefined || Type.IsString(schema)) return value;
  if (Type.IsBoolean(schema)) return value === 'true' ? true : value === 'false' ? false : value;
  return Type.IsInteger(schema) && /^\d{1,15}$/.test(String(value)) ? Number(value) : value;
}

/** Errors never repeat personal data, not even to the caller who sent it. */
function problemOf(field: string, message: string): string {
  if (message.startsWith('is missing')) return MISSING;
  return /(^|\.)(phone|email)$/.test(field) ? 'not a text of at most 320 characters' : message;
}

function faulty(fields: FieldFault[]): OperationError {
  const isMissing = fields.some(({ problem }) => problem === MISSING);
  const names = fields.map(({ field, problem }) => `${field} (${problem})`).join(', ');
  return new OperationError(
    isMissing ? 'missingField' : 'invalidField',
    `Correct these and send it again: ${names}.`,
    {
      fields,
    },
  );
}
