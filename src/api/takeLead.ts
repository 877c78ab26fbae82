import { v7 } from 'uuid';
import { fieldFaults, leadFields, MISSING, REQUIRED_BY_DEFAULT, type FieldFault } from '../market/fields.js';
import { contactOf } from '../market/personKeys.js';
import { categoryKey, type Campaign } from '../market/terms.js';
import { measured } from '../metrics.js';
import type { Database } from '../store/db.js';
import type { KeyDocument } from '../store/keys.js';
import { factsOf, insertLead, markAnswered, type LeadDocument } from '../store/leads.js';
import { matchOf } from '../store/match.js';
import type { StoredLead } from '../store/person.js';
import { isSuppressed } from '../store/suppressions.js';
import type { OutcomeAnswer } from '../temporal/names.js';
import type { Admission } from './admission.js';
import { ApiError } from './apiError.js';
import { assertRepeats, idempotencyOf } from './idempotency.js';
import type { GivenFields } from './givenFields.js';
import type { Lookups } from './lookups.js';
import type { Parts } from './parts.js';
import { invalidKey } from './plugins/auth.js';

/** A request for a lead, after its key, its rate and the form of its body were found good. */
export interface LeadRequest {
  key: KeyDocument & { seller: string };
  given: GivenFields;
  idempotencyKey?: string;
  /** How long the source waits for the outcome, ms. */
  answerWithinMs: number;
  receivedAt: Date;
}

/** A lead that was taken now, with its outcome where there was one in time, or the one that this request repeats. */
export type Taken = { lead: LeadDocument; outcome: OutcomeAnswer | undefined } | { repeated: StoredLead };

/**
 * Takes one lead: checks it, stores it, starts its workflow, and waits for the outcome. Once it is stored it is
 * accepted: whatever happens after that, the lead's workflow is run. One whose person is on a suppression list is stored
 * as ended and has no workflow. A lead that finds no place among those under way is stored all the same, and starts later.
 * @throws ApiError for what the source did wrong; a database error when the lead could not be stored
 */
export async function takeLead(
  { settings, database, starter }: Pick<Parts, 'settings' | 'database' | 'starter'>,
  { lookups, admission }: { lookups: Lookups; admission: Admission },
  request: LeadRequest,
): Promise<Taken> {
  const campaign = await campaignOf(lookups, request);
  const lead = await newLead(database, request, campaign, settings.ANSWER_WINDOW_MS);
  if (await isOnList(database, lookups, lead)) {
    const ended = suppressed(lead);
    const stored = await insertLead(database, ended);
    return stored.inserted ? { lead: ended, outcome: undefined } : repeatOf(stored.repeated, ended);
  }
  const place = await admission.enter(lead, request.answerWithinMs);
  const dueAt = place === undefined ? new Date(Date.now() + STARTED_LATER_BY_MS) : lead.dueAt;
  const stored = await insertLead(database, { ...lead, dueAt }).catch((error: unknown) => {
    place?.leave();
    throw error;
  });
  if (!stored.inserted) {
    place?.leave();
    return repeatOf(stored.repeated, lead);
  }
  const answerBy = request.receivedAt.getTime() + request.answerWithinMs;
  const answerWithinMs = Math.max(0, answerBy - Date.now());
  const facts = { ...factsOf(lead), answerBy: answerWithinMs > 0 ? answerBy : undefined };
  const outcome = place && (await starter.start(facts, answerWithinMs, place.heard));
  if (place === undefined) {
    measured.leadDeferred(1, { campaign: campaign.id });
    admission.enterLater(lead, ({ heard }) => void starter.start(factsOf(lead), 0, heard));
  }
  // A lead with an outcome shows by its status that the answer is out; one that Temporal did not take does not.
  const isEarly = outcome === undefined && Date.now() < answerBy;
  if (isEarly && lead.idempotency !== undefined)
    await markAnswered(database, lead._id).catch(() => undefined);
  return { lead, outcome };
}

/** By then a lead that found no place has been started by this process, or it is for a worker's sweep to start it, ms. */
const STARTED_LATER_BY_MS = 60_000;

/** @throws ApiError where the first request is still being answered, or was for another lead */
function repeatOf(repeated: StoredLead, { idempotency }: LeadDocument): Taken {
  assertRepeats(repeated, idempotency?.fingerprint ?? '', new Date());
  return { repeated };
}

/** The campaign that takes the lead, after a look at everything that the request says. */
async function campaignOf(lookups: Lookups, { key, given }: LeadRequest): Promise<Campaign> {
  const { values, faults } = given;
  const named = values.get('seller');
  const seller = named === undefined ? undefined : await lookups.seller(named);
  if (named !== undefined && seller?.code !== key.seller) throw invalidKey();
  const category = values.get('category');
  const campaign =
    category === undefined ? undefined : await lookups.campaign(key.seller, categoryKey(category));
  const isOpen = campaign?.active === true && seller?.active !== false;
  if (category !== undefined && !isOpen) throw noCampaign();

  const unread = new Set(faults.map(({ field }) => field));
  const absentOrMalformed = fieldFaults(values, campaign?.required ?? REQUIRED_BY_DEFAULT);
  const all = [...faults, ...absentOrMalformed.filter(({ field }) => !unread.has(field))];
  if (campaign !== undefined && all.length === 0) return campaign;
  throw faulty(all);
}

const noCampaign = (): ApiError =>
  new ApiError(
    'noCampaign',
    'This category is not one of the seller’s active campaigns. Ask the seller for their names.',
  );

function faulty(fields: FieldFault[]): ApiError {
  const isMissing = fields.some(({ problem }) => problem === MISSING);
  const names = fields.map(({ field, problem }) => `${field} (${problem})`).join(', ');
  return new ApiError(
    isMissing ? 'missingField' : 'invalidField',
    `Correct these fields and send it again: ${names}.`,
    {
      fields,
    },
  );
}

/** Asks the database only for sellers who have a list. */
const isOnList = async (database: Database, lookups: Lookups, lead: LeadDocument): Promise<boolean> =>
  (await lookups.hasSuppressions(lead.seller)) && isSuppressed(database, lead);

/** It is sold to no buyer, so the person's data have no use; the hashes stay to show that it was not sold. */
const suppressed = (lead: LeadDocument): LeadDocument => ({
  ...lead,
  withoutPerson: true,
  dueAt: undefined,
  status: 'withdrawn',
  reason: 'suppressed',
});

/** The lead of a request in which no fault was found, as it is stored. */
export async function newLead(
  database: Database,
  request: LeadRequest,
  campaign: Campaign,
  answerWindowMs: number,
): Promise<LeadDocument> {
  const { key, given, receivedAt, idempotencyKey } = request;
  const person = leadFields(given.values);
  const after = (ms: number): Date => new Date(receivedAt.getTime() + ms);
  return {
    _id: v7(),
    seller: key.seller,
    campaign: campaign.id,
    category: campaign.category,
    key: key._id,
    source: key.source,
    test: key.test,
    status: 'received',
    receivedAt,
    updatedAt: receivedAt,
    dueAt: after(answerWindowMs),
    ...person,
    match: await matchOf(database, contactOf(person.fields)),
    ...(idempotencyKey !== undefined && {
      idempotency: idempotencyOf(
        await database.vault.hash(),
        key._id,
        idempotencyKey,
        given.values,
        after(request.answerWithinMs),
      ),
    }),
    rounds: {},
    claims: {},
    held: 0,
    currency: campaign.currency,
  };
}
