import { quoteLargeNumbers } from '../../market/mapping/exactJson.js';
import { invalidRequest } from '../../operations/operationError.js';
import type { Entries } from '../../operations/body/entries.js';
import { decodeUtf8 } from '../../operations/body/encoding.js';
import { jsonFault } from '../../operations/body/jsonFault.js';

/**
 * The members of a JSON object, in order.
 * @throws OperationError `invalidRequest` with the fault and its position
 */
export function readJson(body: Buffer): Entries {
  const text = decodeUtf8(body);
  const value = parse(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return entriesWithExactNumbers(text, value);
  const kind = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${nameOf(value)}`;
  throw invalidRequest(`The body is ${kind}. Send one JSON object: {"name": "value", …}.`);
}

const nameOf = (value: unknown): string => (typeof value === 'string' ? 'text' : typeof value);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Some clients send forms without the header.
    const hint = /^\s*[\w.%+-]+=/.test(text)
      ? 'It looks like a form: send the header "Content-Type: application/x-www-form-urlencoded".'
      : 'Send one JSON object: {"name": "value", …}.';
    throw invalidRequest(`The body is not JSON. ${sentence(jsonFault(text))} ${hint}`);
  }
}

const sentence = (fault = 'it can’t be read'): string => `${fault.charAt(0).toUpperCase()}${fault.slice(1)}.`;

function entriesWithExactNumbers(text: string, object: object): Entries {
  const exact = quoteLargeNumbers(text);
  return entriesOf(exact, exact === text ? object : (JSON.parse(exact) as object));
}

/**
 * The members of an object in order, including duplicate names: JSON.parse keeps the last one, other parsers the first
 * (RFC 8259, section 4).
 * @param json a valid JSON object
 */
function entriesOf(json: string, object: object): Entries {
  const members = membersOf(json);
  if (members.length === Object.keys(object).length) return Object.entries(object);
  return members.map(({ name, value }) => [name, JSON.parse(value) as unknown]);
}

function membersOf(json: string): { name: string; value: string }[] {
  const members: { name: string; start: number; end: number }[] = [];
  let depth = 0;
  for (const { 0: token, index } of json.matchAll(/"(?:[^"\\]+|\\.)*"(?:\s*:)?|[{}[\],]/g)) {
    const last = members.at(-1);
    if (depth === 1 && last?.end === 0 && /^[,}]$/.test(token)) last.end = index;
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (depth === 1 && token.endsWith(':'))
      members.push({ name: String(JSON.parse(token.slice(0, -1))), start: index + token.length, end: 0 });
  }
  return members.map(({ name, start, end }) => ({ name, value: json.slice(start, end) }));
}
