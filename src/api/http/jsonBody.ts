import { invalidRequest } from '../../operations/operationError.js';
import type { Entries } from './entries.js';
import { decodeUtf8 } from './encoding.js';
import { jsonFault } from './jsonFault.js';

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

/** A string, or a number by RFC 8259. */
const TEXT_OR_NUMBER =
  /"(?:[^"\\]+|\\.)*"|(?<![\w.+-])-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])/g;

/**
 * Quotes numbers beyond 2^53, such as ids of ad platforms: JSON.parse would change their last digits.
 * @param json valid JSON: on other text the expression could take very long
 */
function quoteLargeNumbers(json: string): string {
  if (!/\d{16}|[eE][+-]?\d/.test(json)) return json;
  return json.replace(TEXT_OR_NUMBER, (token) => (keepsDigits(token) ? token : `"${token}"`));
}

function keepsDigits(token: string): boolean {
  if (token.startsWith('"')) return true;
  const number = Number(token);
  return Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));
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
