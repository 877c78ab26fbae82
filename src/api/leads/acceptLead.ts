import { v7 } from 'uuid';
import type { Given } from '../../market/intake/given.js';
import { contactOf, KEY_RULE } from '../../market/fields/personKeys.js';
import { metrics } from '../../metrics.js';
import type { Database } from '../../store/db.js';
import {
  factsOf,
  findFinalSummary,
  findStoredLead,
  insertLead,
  markAnswered,
  OVERDUE_AFTER_MS,
  type LeadSummary,
} from '../../store/leads/leads.js';
import type { LeadDocument, StoredLead } from '../../store/documents.js';
import { matchOf } from '../../store/persons/matchKeys.js';
import { isSuppressed } from '../../store/persons/suppressions.js';
import { findPing, usePing } from '../../store/sales/pings.js';
import { sandboxCase } from '../../market/model/sandbox.js';
import type { OutcomeAnswer } from '../../market/model/lead.js';
import type { Backlog } from './backlog.js';
import { assertSameRequest, idempotencyOf, inProgress } from './idempotency.js';
import type { SignedPing } from './pingId.js';
import { pingOver } from './promisedLead.js';
import type { ReadCache } from '../readCache.js';
import type { LeadApiContext } from '../context.js';
import type { SellerKey } from '../plugins/auth.js';
import type { ReadRequest } from './readRequest.js';
import { assertNoSandboxError } from './sandboxError.js';

/** A valid request. */
export interface LeadRequest extends ReadRequest {
  key: SellerKey;
  given: Given;
  idempotencyKey?: string;
  /** Whose idempotency keys are compared; by default those of one API key. */
  idempotencyScope?: string;
  /** How long the source waits for the outcome, ms. */
  answerWithinMs: number;
  receivedAt: Date;
  /** The ping that was made for the lead. */
  ping?: SignedPing;
}

/** A new lead with its outcome, or as it is stored when the time is over; or the lead that this request repeats. */
export type AcceptedLead =
  | { lead: LeadSummary; outcome: OutcomeAnswer | undefined }
  | { repeated: StoredLead };

/**
 * Stores a lead, starts its workflow, and waits for the outcome. A stored lead is accepted: its workflow runs, whatever
 * fails after that. A lead on a suppression list is stored as withdrawn, and its workflow only sends postbacks. A lead
 * that can't be sold while its source waits is answered `pending` at once, and the sweep starts it once there is room.
 * @throws OperationError for errors of the source; a database error if the lead could not be stored
 */
export async function acceptLead(
  { settings, database, starter, answers, newLeads, log }: LeadApiContext,
  { cache, backlog }: { cache: ReadCache; backlog: Backlog },
  request: LeadRequest,
): Promise<AcceptedLead> {
  assertNoSandboxError(request);
  const lead = await newLead(database, request, settings.ANSWER_WINDOW_MS);
  if (request.ping !== undefined) {
    lead.promise = await usePing(database, request.ping.id, Date.now());
    if (lead.promise === undefined) return repeatOf(await leadOfUsedPing(database, lead), lead);
  }
  if (await isOnList(database, cache, lead)) {
    const notifies = (await cache.seller(lead.seller))?.postbacks.length ?? 0;
    const ended = { ...suppressed(lead), dueAt: notifies > 0 ? startedLater() : undefined };
    const stored = await insertLead(database, ended);
    if (!stored.inserted) return repeatOf(stored.repeated, ended);
    if (notifies > 0) starter.start(factsOf(ended));
    return { lead: ended, outcome: undefined };
  }
  const waits = request.answerWithinMs > 0;
  const isDeferred = waits && !backlog.isInTime(lead.seller, request.answerWithinMs);
  const stored = await insertLead(database, { ...lead, dueAt: isDeferred ? overdueNow() : lead.dueAt });
  if (!stored.inserted) return repeatOf(stored.repeated, lead);
  const { seller, source, campaign } = lead;
  for (const field of lead.unread ?? []) metrics.unread(1, { seller, source, field });
  const facts = { ...factsOf(lead), answerTo: answers.id };
  if (isDeferred) {
    metrics.leadDeferred(1, { campaign });
    if (lead.idempotency !== undefined) await markAnswered(database, lead._id).catch(() => undefined);
    return { lead, outcome: undefined };
  }
  if (!waits) {
    starter.start(facts);
    return { lead, outcome: undefined };
  }
  const answerBy = request.receivedAt.getTime() + request.answerWithinMs;
  backlog.waits(facts, answerBy);
  const outcome = answers.waitFor(facts.leadId, answerBy);
  newLeads?.add(stored.lead);
  starter.start({ ...facts, answerBy });
  return (await outcome) === undefined ? late(lead) : { lead, outcome: await outcome };

  /**
   * The time is over: the lead may have an outcome whose announcement got lost. A sale that other buyers may still join
   * is answered `pending`, so that no answer has a part of the price.
   */
  async function late(lead: LeadDocument): Promise<AcceptedLead> {
    log.warn({ lead_id: lead._id, event: 'no_early_answer' });
    const now = await findFinalSummary(database, lead._id).catch(() => null);
    return { lead: now ?? lead, outcome: undefined };
  }
}

/** The sweep starts the lead with its next step. */
const overdueNow = (): Date => new Date(Date.now() - OVERDUE_AFTER_MS);

/** When the sweep looks for a lead that may have to wait in Temporal's task queue. */
const startedLater = (): Date => new Date(Date.now() + 60_000);

/**
 * The lead that an earlier attempt of this request has sent with its ping.
 * @throws OperationError `pingOver` if another request has used the ping, or it has expired; `inProgress` while the first
 *   attempt stores its lead
 */
async function leadOfUsedPing(database: Database, { _id, idempotency }: LeadDocument): Promise<StoredLead> {
  if (idempotency === undefined) throw pingOver();
  const first = await findStoredLead(database, _id);
  if (first?.idempotency?.key === idempotency.key) return first;
  if (first === null && (await findPing(database, _id))?.status === 'used') throw inProgress();
  throw pingOver();
}

/** @throws OperationError if the first request is in progress, or had other fields */
function repeatOf(repeated: StoredLead, { idempotency }: LeadDocument): AcceptedLead {
  assertSameRequest(repeated, idempotency?.fingerprint ?? '', new Date());
  return { repeated };
}

/** Queries the database only for sellers with a list. */
const isOnList = async (database: Database, cache: ReadCache, lead: LeadDocument): Promise<boolean> =>
  lead.sandbox === 'suppressed' ||
  ((await cache.hasSuppressions(lead.seller)) && isSuppressed(database, lead));

/** Stored without personal data, which have no use here. The hashes stay as evidence. */
const suppressed = (lead: LeadDocument): LeadDocument => ({
  ...lead,
  withoutPerson: true,
  status: 'withdrawn',
  endedAt: lead.receivedAt,
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
  const sandboxed = sandboxCase({ test: key.test, zip: person.fields.zip });
  const after = (ms: number): Date => new Date(receivedAt.getTime() + ms);
  return {
    _id: request.ping?.id ?? v7(),
    seller: key.seller,
    campaign: campaign.id,
    category: campaign.category,
    key: key._id,
    source: key.source,
    test: key.test,
    sandbox: sandboxed !== undefined && 'outcome' in sandboxed ? sandboxed.outcome : undefined,
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
            scope: request.idempotencyScope ?? key._id,
            idempotencyKey,
            fields: given,
            answeringUntil: after(request.answerWithinMs),
          }),
    rounds: {},
    claims: {},
    claimed: 0,
    currency: campaign.currency,
  };
}
