import type { FieldValue } from '../../market/fields/reading.js';
import { FICTIONAL_PERSON } from '../fictionalPerson.js';
import { personScreen } from '../personScreen.js';
import type { Send } from '../send.js';
import { NO_CONNECTION, type VerifiedServer, type World } from './exchange.js';
import type { Finding, Verification } from './findings.js';
import { PING_CHECKS } from './pingChecks.js';
import { POST_CHECKS } from './postChecks.js';

/*
 * The protocol's test suite (docs/buyer.md) against a buyer's server. All messages are sent by the production code, with
 * a fictional person, and marked as tests where the message has the mark. It needs no market and stores nothing.
 */

/** A name that is in no id of a buyer: an id like `lead-17` must not seem to name the person. */
const NAME: Record<string, FieldValue> = { firstName: 'Zebulon', lastName: 'Quillfeather' };

/** Runs all checks, one after another; after a failed connection the others are skipped. */
export async function verifyBuyer(
  send: Send,
  server: VerifiedServer,
  onVerified: (one: Verification) => void = () => undefined,
): Promise<Verification[]> {
  const fields = { ...FICTIONAL_PERSON, ...NAME, ...server.lead };
  const world: World = { ...server, send, fields, screen: personScreen({ fields }) };
  const checks = [...(server.isPinged ? PING_CHECKS : []), ...POST_CHECKS];
  const found: Verification[] = [];
  let isAway = false as boolean;
  for (const { check, run } of checks) {
    const finding: Finding = isAway ? NOT_TRIED : await run(world);
    found.push({ check, ...finding });
    onVerified({ check, ...finding });
    isAway ||= found.length === 1 && finding.came.startsWith(NO_CONNECTION);
  }
  return found;
}

const NOT_TRIED: Finding = { result: 'skipped', sent: 'nothing', came: 'the server is not reachable' };
