import type { AnyBulkWriteOperation } from 'mongodb';
import { personIds } from '../../market/limits/duplicates.js';
import { ENDED } from '../../market/model/lead.js';
import type { Database } from '../db.js';
import { erasedFields } from './erase.js';
import type { Erasure, StoredLead } from '../documents.js';

/**
 * The record that a lead's person was erased. It names the lead and no person, so it may be stored outside the
 * database.
 */
export interface ErasedLead extends Erasure {
  lead: string;
}

/**
 * Erasures since a time, in order.
 * @param limit 0: all
 */
export async function listErasures({ leads }: Database, since: Date, limit = 0): Promise<ErasedLead[]> {
  const found = await leads
    .find({ 'erased.at': { $gte: since } }, { projection: { erased: 1 } })
    .sort({ 'erased.at': 1 })
    .limit(limit)
    .toArray();
  return found.flatMap(({ _id, erased }) => (erased === undefined ? [] : [{ lead: _id, ...erased }]));
}

const BATCH = 500;

/**
 * Repeats erasures in a database that was restored from a backup: the persons who were erased after the backup. No
 * worker may run. A post that was in progress at the time of the backup was settled since, in a way that the backup
 * does not have: it is cancelled here, and no buyer is sent the lead again.
 * @returns the number of listed leads that had a person
 */
export async function repeatErasures(database: Database, erasures: readonly ErasedLead[]): Promise<number> {
  let repeated = 0;
  for (let i = 0; i < erasures.length; i += BATCH) {
    const byLead = new Map(erasures.slice(i, i + BATCH).map(({ lead, ...erased }) => [lead, erased]));
    const leads = await database.leads
      .find({ _id: { $in: [...byLead.keys()] }, erased: { $exists: false } }, { projection: { rounds: 0 } })
      .toArray();
    if (leads.length === 0) continue;
    // Erase the purchases first: they are found by the hashes in the lead.
    const ids = leads.map(({ _id }) => _id);
    const persons = { _id: { $in: leads.flatMap(({ match }) => personIds(match)) } };
    await database.persons.updateMany(persons, { $pull: { purchases: { lead: { $in: ids } } } });
    await database.persons.deleteMany({ ...persons, purchases: { $size: 0 } });
    const writes = leads.flatMap((lead) => {
      const erased = byLead.get(lead._id);
      return erased === undefined ? [] : [erasedAgain(lead, erased)];
    });
    await database.leads.bulkWrite(writes, { ordered: false });
    repeated += leads.length;
  }
  return repeated;
}

function erasedAgain(lead: StoredLead, erased: Erasure): AnyBulkWriteOperation<StoredLead> {
  const now = new Date();
  const { set, unset } = erasedFields(lead, erased, now);
  const open = Object.entries(lead.claims).flatMap(([contract, { status }]) =>
    status === 'posting' ? [contract] : [],
  );
  const calledOff = open.flatMap((contract): [string, string | Date][] => [
    [`claims.${contract}.status`, 'cancelled'],
    [`claims.${contract}.endedAt`, now],
  ]);
  const ended = ENDED.includes(lead.status)
    ? {}
    : { status: 'withdrawn' as const, updatedAt: now, endedAt: now };
  return {
    updateOne: {
      filter: { _id: lead._id },
      update: {
        $set: { ...set, ...ended, ...Object.fromEntries(calledOff) },
        $unset: { ...unset, dueAt: '' },
        $inc: { claimed: -open.length },
        $addToSet: { unsettled: { $each: open } },
      },
    },
  };
}
