import type { FieldValue } from '../../market/fields/reading.js';
import { FICTIONAL_PERSON } from '../fictionalPerson.js';
import { personScreen } from '../personScreen.js';
import type { Send } from '../send.js';
import type { VerifiedServer, World } from './exchange.js';
import type { Check, Finding, Verification } from './findings.js';
import { PING_CHECKS } from './pingChecks.js';
import { POST_CHECKS } from './postChecks.js';

/*
 * The protocol's test suite (docs/buyer.md) against a buyer's server. All messages are sent by the production code, with
 * a fictional person, and marked as tests where the message has the mark. It needs no market and stores nothing.
 */

/** A name that is in no id of a buyer: an id like `lead-17` must not seem to name the person. */
const NAME: Record<string, FieldValue> = { firstName: 'Zebulon', lastName: 'Quillfeather' };

/** Of the N-th lead; the hundred numbers are reserved for fiction. */
const contactOf = (lead: number): Record<string, FieldValue> => ({
  phone: `+121455501${String(lead % 100).padStart(2, '0')}`,
  email: `test.lead+${lead}@example.com`,
});

/** All checks; the first ones are a plain ping and a plain post, which all others build on. */
function checksFor({ isPinged }: VerifiedServer): { plain: Check[]; others: Check[] } {
  const all = isPinged ? [PING_CHECKS, POST_CHECKS] : [POST_CHECKS];
  return { plain: all.flatMap((some) => some.slice(0, 1)), others: all.flatMap((some) => some.slice(1)) };
}

/** The result of each check, and why most were not made, if so. */
export interface Report {
  checks: Verification[];
  headline?: string;
}

/**
 * Runs all checks, one after another. A fault that a server shows to a plain message is reported once, not by each later
 * check that meets it again; if all plain messages meet the same one, nothing else is sent.
 * @param onVerified called for each check that was made
 */
export async function verifyBuyer(
  send: Send,
  server: VerifiedServer,
  onVerified: (one: Verification) => void = () => undefined,
): Promise<Report> {
  const fields = { ...FICTIONAL_PERSON, ...NAME, ...server.lead };
  let leads = 0;
  const newLead = () => ({ ...fields, ...contactOf((leads += 1)), ...server.lead });
  const world: World = { ...server, send, fields, newLead, screen: personScreen({ fields }) };
  const checks: Verification[] = [];
  const report = (one: Verification): void => {
    checks.push(one);
    onVerified(one);
  };
  const { plain, others } = checksFor(server);
  const found: Verification[] = [];
  for (const { check, run } of plain) found.push({ check, ...(await run(world)) });
  const [first] = found;
  const cause = first?.cause;
  if (first !== undefined && cause !== undefined && found.every((one) => one.cause === cause)) {
    report(first);
    const left = [...found.slice(1), ...others];
    checks.push(...left.map(({ check }): Verification => ({ check, ...LEFT_OUT })));
    const which =
      found.length > 1 ? 'A signed ping and a signed post fail for this reason' : 'A signed post fails';
    return { checks, headline: `${which}, so the other checks were left out.` };
  }
  for (const one of found) report(one);
  const firstOfKind = new Map(found.map((one) => [kindOf(one), one]));
  for (const { check, run } of others) {
    const one: Verification = { check, ...(await run(world)) };
    const before = firstOfKind.get(kindOf(one));
    if (before === undefined) firstOfKind.set(kindOf(one), one);
    report(before?.cause !== undefined && before.cause === one.cause ? likeBefore(one, before) : one);
  }
  return { checks };
}

/** `ping`, `post`, `status question`, `cancel notice` or `notice`. */
const kindOf = ({ check }: Verification): string => check.split(':', 1).join('');

const likeBefore = ({ check, sent }: Verification, before: Verification): Verification => ({
  check,
  result: 'skipped',
  sent,
  came: `fails like “${before.check}”`,
});

const LEFT_OUT: Finding = { result: 'skipped', sent: 'nothing', came: 'left out' };
