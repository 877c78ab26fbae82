import { PERSON } from '../../src/local/demo/sample.js';

export { PERSON };

/** A source: the URL of an API and one of its keys. */
export interface Source {
  address: string;
  key: string;
}

/** An answer and its duration, ms. */
export interface Reply {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
  ms: number;
}

/** Sends a lead of ACME1234 as JSON and waits for its answer. */
export async function sendLead(
  source: Source,
  category: string,
  person: object = PERSON,
  headers: Record<string, string> = {},
): Promise<Reply> {
  return ask(source, '/api/leads', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ seller: 'ACME1234', category, ...person }),
  });
}

/** Withdraws a lead. */
export const withdrawLead = (source: Source, leadId: string): Promise<Reply> =>
  ask(source, `/api/leads/${leadId}/withdraw`, { method: 'POST' });

/** The lead's status as shown to the source. */
export async function leadNow(source: Source, leadId: string): Promise<Record<string, unknown>> {
  return (await ask(source, `/api/leads/${leadId}`)).body;
}

async function ask({ address, key }: Source, path: string, init: RequestInit = {}): Promise<Reply> {
  const started = performance.now();
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${key}`);
  const response = await fetch(address + path, { ...init, headers });
  const body: unknown = await response.json();
  if (typeof body !== 'object' || body === null) throw new Error('The API answered no object');
  return {
    status: response.status,
    headers: response.headers,
    body: { ...body },
    ms: performance.now() - started,
  };
}
