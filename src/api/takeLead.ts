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
import { busy } from './plugins/overload.js';

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
 * as ended and has no workflow. Too many that come at once are taken without an outcome, and in a flood they are refused.
 * @throws ApiError for what the source did wrong and in a flood; a database error where the lead could not be stored
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
  if (place === undefined) {
    measured.leadRefused(1, { campaign: campaign.id });
    throw busy('More leads are sent than can be sold.');
  }
  const stored = await insertLead(database, lead).catch((error: unknown) => {
    place.leave();
    throw error;
  });
  if (!stored.inserted) {
    place.leave();
    return repeatOf(stored.repeated, lead);
  }
  const answerBy = request.receivedAt.getTime() + request.answerWithinMs;
  const answerWithinMs = place.isLate ? 0 : Math.max(0, answerBy - Date.now());
  const facts = { ...factsOf(lead), ...(answerWithinMs > 0 && { answerBy }) };
  const outcome = await starter.start(facts, answerWithinMs, place.heard);
  // A lead with an outcome shows by its status that the answer is out; one that Temporal did not take does not.
  const isEarly = outcome === undefined && Date.now() < answerBy;
  if (isEarly && lead.idempotency !== undefined)
    await markAnswered(database, lead._id).catch(() => undefined);
  return { lead, outcome };
}

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
