import type { FastifyRequest } from 'fastify';
/** How long a source waits for the response, and the preferences that were applied. */
export interface WaitPreference {
  answerWithinMs: number;
  /** For `Preference-Applied`; absent if no preference was sent or applied. */
  applied?: string;
}

/**
 * `Prefer: wait=2` shortens the answer window, `Prefer: respond-async` sets it to zero. With both (RFC 7240, 4.3) the source
 * waits that long, and gets `pending` after it. Nothing lengthens the window.
 */
export function readPrefer(header: string | string[] | undefined, answerWindowMs: number): WaitPreference {
  const preferences = readPreferences([header ?? []].flat().join(','));
  const isAsync = preferences.has('respond-async');
  const seconds = preferences.get('wait') ?? '';
  const waitMs = /^\d{1,9}$/.test(seconds) ? Number(seconds) * 1000 : undefined;
  const shortens = waitMs !== undefined && waitMs <= answerWindowMs;
  const applied = [...(isAsync ? ['respond-async'] : []), ...(shortens ? [`wait=${Number(seconds)}`] : [])];
  const answerWithinMs = Math.min(answerWindowMs, waitMs ?? (isAsync ? 0 : answerWindowMs));
  return { answerWithinMs, applied: applied.length > 0 ? applied.join(', ') : undefined };
}

/** Preferences by lower-case name. The first of duplicates counts (RFC 7240, 2). Parameters are dropped. */
function readPreferences(header: string): Map<string, string> {
  const preferences = new Map<string, string>();
  for (const preference of header.split(',')) {
    const [token = ''] = preference.split(';');
    const [name = '', value = ''] = token.split('=', 2);
    const key = name.trim().toLowerCase();
    if (key !== '' && !preferences.has(key)) preferences.set(key, value.trim().replace(/^"(.*)"$/, '$1'));
  }
  return preferences;
}

/** Whether a browser opens the address. */
export const wantsHtml = ({ headers }: FastifyRequest): boolean =>
  (headers.accept ?? '').includes('text/html');
