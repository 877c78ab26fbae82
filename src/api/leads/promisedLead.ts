import { zip5 } from '../../market/fields/zip.js';
import { cleanText } from '../../market/fields/text.js';
import type { FieldValue } from '../../market/fields/reading.js';
import type { Given } from '../../market/intake/given.js';
import { OperationError } from '../../operations/operationError.js';
import type { Database } from '../../store/db.js';
import { findPing } from '../../store/sales/pings.js';
import { readPingId, type PingOwner, type SignedPing } from './pingId.js';

const NAME = 'ping_id';

/** The `ping_id` of a request, which is not a field of the lead, and the other fields. */
export function takePingId(given: Given): { pingId?: string; fields: Given } {
  const sent = given.get(NAME);
  if (sent === undefined) return { fields: given };
  if (sent.kind !== 'text')
    throw new OperationError('invalidRequest', 'ping_id must be one text. Correct it.');
  return { pingId: cleanText(sent.text), fields: new Map([...given].filter(([name]) => name !== NAME)) };
}

/**
 * Checks that a ping was made for such a lead, before it is used.
 * @param fields of the lead, as they were read
 * @throws OperationError `invalidPing` if it was not
 */
export async function checkPing(
  database: Database,
  pingId: string,
  owner: PingOwner,
  fields: Record<string, FieldValue>,
): Promise<SignedPing> {
  const signed = await readPingId(database, pingId, owner);
  const ping = await findPing(database, signed.id);
  const other = Object.entries(ping?.lead.fields ?? {}).find(
    ([name, value]) => !isSame(name, value, Object.hasOwn(fields, name) ? fields[name] : undefined),
  );
  if (other === undefined) return signed;
  throw new OperationError(
    'invalidPing',
    `The lead has another ${other[0]} than its ping, so that the bids are for another lead. Nothing was accepted; send a new ping.`,
  );
}

/** A ping needs no more than five digits of a ZIP code. */
function isSame(name: string, asked: FieldValue, sent: FieldValue | undefined): boolean {
  if (name === 'zip' && typeof asked === 'string' && typeof sent === 'string')
    return (zip5(asked) ?? asked) === (zip5(sent) ?? sent);
  return JSON.stringify(asked) === JSON.stringify(sent);
}

export const pingOver = (): OperationError =>
  new OperationError(
    'pingOver',
    'The ping has expired, or a lead was sent with it. Nothing was accepted; send a new ping, or send the lead without ping_id.',
  );
