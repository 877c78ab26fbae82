import { pickSettings } from '../../config.js';
import { openDatabase, type Database } from '../../store/db.js';
import { findSecrets, type Recipient } from '../../store/keys/signing.js';
import { SAMPLE } from './sample.js';

/** What messages to a demo party are signed with at present. */
export async function demoSecret(database: Database, party: string): Promise<string> {
  const recipient: Recipient =
    party === 'source' ? { kind: 'seller', id: SAMPLE.seller } : { kind: 'buyer', id: party };
  const [secret = ''] = (await findSecrets(database, recipient))?.secrets ?? [];
  return secret;
}

/** The same, in a process that has the database's settings but no connection. */
export async function readDemoSecret(party: string): Promise<string> {
  const database = openDatabase(
    pickSettings(['MONGODB_URL', 'MONGODB_DATABASE', 'MASTER_KEYS'], process.env, {}),
  );
  try {
    return await demoSecret(database, party);
  } finally {
    await database.client.close();
  }
}
