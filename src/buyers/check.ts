import type { CheckResult } from '../market/eligibility/outsideChecks.js';
import type { FieldValue } from '../market/fields/reading.js';
import type { Check } from '../market/model/market.js';
import type { Reply, Secret, Send } from './send.js';

/**
 * Asks an outside service about a lead and compares its answer with the threshold.
 * @param secret signs the question, so that the service can authenticate it
 */
export async function askCheck(
  send: Send,
  check: Check,
  lead: { leadId: string; fields: Record<string, FieldValue> },
  secret: Secret,
): Promise<CheckResult> {
  const given = check.sends.flatMap((name) => {
    const value = Object.hasOwn(lead.fields, name) ? lead.fields[name] : undefined;
    return value === undefined ? [] : [[name, value]];
  });
  const payload = {
    type: 'check',
    check: check.name,
    lead_id: lead.leadId,
    fields: Object.fromEntries(given) as object,
  };
  const { url, timeoutMs } = check;
  const id = `${lead.leadId}.check.${check.name}`;
  return readCheckAnswer(check, await send({ url, timeoutMs, secret, id, payload }));
}

/** Whether the answer passes the check. Without a usable answer, `whenSilent` decides. */
export function readCheckAnswer(check: Check, reply: Reply): CheckResult {
  const silent = (why: string): CheckResult => ({
    passes: check.whenSilent === 'pass',
    detail: `check ${check.name}: ${why}`,
  });
  if (reply.kind !== 'answer') return silent(reply.kind);
  if (reply.status < 200 || reply.status > 299) return silent(`HTTP ${reply.status}`);
  const value = valueAt(reply.body, check.answer);
  if (value === undefined) return silent(`no ${check.answer} in its answer`);
  return { passes: holds(check, value), detail: `check ${check.name}` };
}

type Scalar = string | number | boolean;

function valueAt(body: unknown, name: string): Scalar | undefined {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, name)) return undefined;
  const value: unknown = (body as Record<string, unknown>)[name];
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : undefined;
}

function holds({ atLeast, atMost, equals }: Check, value: Scalar): boolean {
  if (equals !== undefined && String(value).toLowerCase() !== equals.toLowerCase()) return false;
  const number = typeof value === 'number' ? value : Number(value);
  if (atLeast !== undefined && !(number >= atLeast)) return false;
  return atMost === undefined || number <= atMost;
}
