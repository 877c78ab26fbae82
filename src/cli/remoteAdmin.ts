import { setTimeout } from 'node:timers/promises';
import Type from 'typebox';
import Value from 'typebox/value';
import { ChangeSchema } from '../operations/market/marketChanges.js';
import {
  headerName,
  inputLocation,
  pathParameters,
  type InputLocation,
  type Operation,
} from '../operations/operation.js';
import { ADMIN_ERROR_CAUSES, type AdminErrorKind } from '../api/admin/adminErrors.js';
import { errorOf } from '../api/errorTable.js';
import { OperationError } from '../operations/operationError.js';
import type { CallOperation } from './callOperation.js';
import { CommandFailed } from '../terminal/commandFailed.js';
import { printError } from '../terminal/print.js';

export function callRemotely(given: string, key: string): CallOperation {
  const url = apiUrl('--remote', given);
  return async (operation, input) => {
    const { path, ...init } = toHttpRequest(operation, input);
    const headers = { ...init.headers, accept: 'application/json', authorization: `Bearer ${key}` };
    const request: RequestInit = { ...init, headers, redirect: 'error' };
    let answer = await send(url, path, request);
    // A rate-limited request was not executed.
    for (; answer.waitS !== undefined; answer = await send(url, path, request)) {
      printError(`${refusalOf(url, answer).message} Waiting ${answer.waitS} s …`);
      await setTimeout(answer.waitS * 1000);
    }
    if (!answer.ok) throw refusalOf(url, answer);
    if (Value.Check(operation.output, answer.body)) return answer.body;
    throw strange(url, answer.status);
  };
}

export function toHttpRequest<In extends Type.TObject>(
  operation: Operation<In>,
  input: Type.Static<In>,
): { path: string; method: string; headers: Record<string, string>; body?: string } {
  const given = Object.entries<unknown>(input).filter(([, value]) => value !== undefined);
  const at = (place: InputLocation) => given.filter(([name]) => inputLocation(operation, name) === place);
  const names = Object.fromEntries(given);
  const path = pathParameters(operation.path).reduce(
    (text, name) => text.replace(`:${name}`, encodeURIComponent(String(names[name]))),
    operation.path,
  );
  const asked = at('query').map(([name, value]): [string, string] => [name, String(value)]);
  const query = new URLSearchParams(asked).toString();
  const headers = Object.fromEntries(at('header').map(([name, value]) => [headerName(name), String(value)]));
  const body = at('body');
  return {
    path: query === '' ? path : `${path}?${query}`,
    method: operation.method,
    ...(operation.takesFile === true
      ? { headers: { ...headers, 'content-type': 'application/yaml' }, body: String(names.file) }
      : body.length > 0
        ? {
            headers: { ...headers, 'content-type': 'application/json' },
            body: JSON.stringify(Object.fromEntries(body)),
          }
        : { headers }),
  };
}

/** The address of an API. A key must not be sent unencrypted: https only. @param option that has it */
export function apiUrl(option: string, given: string): URL {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url?.protocol === 'https:') return url;
  if (url?.protocol === 'http:' && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)) return url;
  throw new CommandFailed(
    `${option} takes an https address, or http on this machine (through an SSH tunnel, say): ${given} is neither.`,
  );
}

interface Answer {
  ok: boolean;
  status: number;
  body: unknown;
  /** Seconds after which a rate-limited key may send its next request. */
  waitS?: number;
}

async function send(url: URL, path: string, init: RequestInit): Promise<Answer> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(new URL(url.pathname.replace(/\/$/, '') + path, url), init);
    text = await response.text();
  } catch (error) {
    const cause =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new CommandFailed(`The admin API at ${url.origin} does not answer (${cause}).`);
  }
  try {
    const body: unknown = JSON.parse(text);
    return { ok: response.ok, status: response.status, body, waitS: waitOf(response) };
  } catch {
    throw strange(url, response.status);
  }
}

/** Only answers to a valid key contain its limit; requests with a guessed or revoked key are not retried. */
function waitOf({ status, headers }: Response): number | undefined {
  if (status !== 429 || !headers.has('x-ratelimit-limit')) return undefined;
  return Math.min(60, Math.max(1, Number(headers.get('retry-after')) || 1));
}

const Refusal = Type.Object({
  error: Type.String(),
  message: Type.String(),
  faults: Type.Optional(
    Type.Array(
      Type.Object({
        line: Type.Integer(),
        column: Type.Integer(),
        path: Type.String(),
        message: Type.String(),
      }),
    ),
  ),
  changes: Type.Optional(Type.Array(ChangeSchema)),
});

/** The error as the operation itself would have thrown it. */
function refusalOf(url: URL, { status, body }: Answer): Error {
  if (!Value.Check(Refusal, body)) return strange(url, status);
  const kinds = Object.keys(ADMIN_ERROR_CAUSES) as AdminErrorKind[];
  const kind = kinds.find((one) => errorOf(one).error === body.error) ?? 'internal';
  return new OperationError(kind, body.message, { faults: body.faults, changes: body.changes });
}

const strange = ({ origin }: URL, status: number): CommandFailed =>
  new CommandFailed(`${origin} answers (${status}), but not as an admin API of this version of Gavel does.`);
