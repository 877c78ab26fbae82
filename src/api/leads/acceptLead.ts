import { v7 } from 'uuid';
import type { Given } from '../../market/intake/given.js';
import { contactOf, KEY_RULE } from '../../market/fields/personKeys.js';
import { metrics } from '../../metrics.js';
import type { Database } from '../../store/db.js';
import { factsOf, insertLead, markAnswered } from '../../store/leads/leads.js';
import type { LeadDocument, StoredLead } from '../../store/documents.js';
import { matchOf } from '../../store/persons/matchKeys.js';
import { isSuppressed } from '../../store/persons/suppressions.js';
import type { OutcomeAnswer } from '../../temporal/names.js';
import type { Admission } from './admission.js';
import { assertSameRequest, idempotencyOf } from './idempotency.js';
import type { ReadCache } from '../readCache.js';
import type { ApiContext } from '../context.js';
import type { ReadRequest, SellerKey } from './readRequest.js';

/** A valid request. */
export interface LeadRequest extends ReadRequest {
  key: SellerKey;
  given: Given;
  idempotencyKey?: string;
  /** How long the source waits for the outcome, ms. */
  answerWithinMs: number;
  receivedAt: Date;
}

/** A new lead, with its outcome if it came in time, or the lead that this request repeats. */
export type AcceptedLead =
  | { lead: LeadDocument; outcome: OutcomeAnswer | undefined }
  | { repeated: StoredLead };

/**
 * Stores a lead, starts its workflow, and waits for the outcome. A stored lead is accepted: its workflow runs, whatever
 * fails after that. A lead on a suppression list is stored as withdrawn, and its workflow only sends postbacks. Over the
 * limit of leads in progress, the lead is stored and started later.
 * @throws OperationError for errors of the source; a database error if the lead could not be stored
 */
export async function acceptLead(
  { settings, database, starter }: Pick<ApiContext, 'settings' | 'database' | 'starter'>,
  { cache, admission }: { cache: ReadCache; admission: Admission },
  request: LeadRequest,
): Promise<AcceptedLead> {
  const lead = await newLead(database, request, settings.ANSWER_WINDOW_MS);
  if (await isOnList(database, cache, lead)) {
    const notifies = (await cache.seller(lead.seller))?.postbacks.length ?? 0;
    const ended = { ...suppressed(lead), dueAt: notifies > 0 ? startedLater() : undefined };
    const stored = await insertLead(database, ended);
    if (!stored.inserted) return repeatOf(stored.repeated, ended);
    if (notifies > 0) startLater(ended);
    return { lead: ended, outcome: undefined };
  }
  const place = await admission.enter(lead, request.answerWithinMs);
  const dueAt = place === undefined ? startedLater() : lead.dueAt;
  const stored = await insertLead(database, { ...lead, dueAt }).catch((error: unknown) => {
    place?.leave();
    throw error;
  });
  if (!stored.inserted) {
    place?.leave();
    return repeatOf(stored.repeated, lead);
  }
  const { seller, source } = lead;
  for (const field of lead.unread ?? []) metrics.unread(1, { seller, source, field });
  const answerBy = request.receivedAt.getTime() + request.answerWithinMs;
  const answerWithinMs = Math.max(0, answerBy - Date.now());
  const facts = { ...factsOf(lead), answerBy: answerWithinMs > 0 ? answerBy : undefined };
  const outcome = place && (await starter.start(facts, answerWithinMs, place.answered));
  if (place === undefined) {
    metrics.leadDeferred(1, { campaign: lead.campaign });
    startLater(lead);
  }
  // If Temporal did not accept the lead, its status does not show that the response was sent.
  const isEarly = outcome === undefined && Date.now() < answerBy;
  if (isEarly && lead.idempotency !== undefined)
    await markAnswered(database, lead._id).catch(() => undefined);
  return { lead, outcome };

  /** Starts a stored lead whose source is not waiting. */
  function startLater(stored: LeadDocument): void {
    admission.enterLater(stored, ({ answered }) => void starter.start(factsOf(stored), 0, answered));
  }
}

/** If this process has not started the lead by then, a worker’s sweep does. */
const startedLater = (): Date => new Date(Date.now() + 60_000);

/** @throws OperationError if the first request is in progress, or had other fields */
function repeatOf(repeated: StoredLead, { idempotency }: LeadDocument): AcceptedLead {
  assertSameRequest(repeated, idempotency?.fingerprint ?? '', new Date());
  return { repeated };
}

/** Queries the database only for sellers with a list. */
const isOnList = async (database: Database, cache: ReadCache, lead: LeadDocument): Promise<boolean> =>
  (await cache.hasSuppressions(lead.seller)) && isSuppressed(database, lead);

/** Stored without personal data, which have no use here. The hashes stay as evidence. */
const suppressed = (lead: LeadDocument): LeadDocument => ({
  ...lead,
  withoutPerson: true,
  status: 'withdrawn',
  reason: 'suppressed',
});

/** The document of a new lead. */
export async function newLead(
  database: Database,
  request: LeadRequest,
  answerWindowMs: number,
): Promise<LeadDocument> {
  const { key, given, campaign, receivedAt, idempotencyKey } = request;
  const person = request.reading.lead;
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
    matchRule: KEY_RULE,
    idempotency:
      idempotencyKey === undefined
        ? undefined
        : idempotencyOf(await database.vault.hash(), {
            apiKey: key._id,
            idempotencyKey,
            fields: given,
            answeringUntil: after(request.answerWithinMs),
          }),
    rounds: {},
    claims: {},
    held: 0,
    currency: campaign.currency,
  };
}
