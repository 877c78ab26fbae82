import { setTimeout as sleep } from 'node:timers/promises';
import Type from 'typebox';
import { statusView } from '../../market/model/statusView.js';
import { recordAuditEvent } from '../../store/audit.js';
import type { Database } from '../../store/db.js';
import { heldPostsOf } from '../../store/leads/heldPosts.js';
import { findStoredLead, makeDue } from '../../store/leads/leads.js';
import type { StoredLead } from '../../store/documents.js';
import { stateOf } from '../../store/leads/withdrawals.js';
import type { CallResult } from '../../temporal/leadWorkflowCalls.js';
import { ApiError } from '../refusal.js';
import { BuyerName, LeadId } from '../inputs.js';
import { noLead, statusProperties } from './leadsOperations.js';
import { operation } from '../operation.js';

/*
 * What ops have a lead's workflow do.
 */
const tag = 'Leads';

export const resolvePost = operation({
  id: 'resolvePost',
  summary: 'Decide on a post that is held for ops: the buyer took the lead, or did not',
  tag,
  method: 'POST',
  path: '/admin/leads/:lead_id/resolve',
  scope: 'leads:write',
  input: Type.Object(
    {
      lead_id: LeadId,
      buyer: BuyerName,
      accepted: Type.Boolean({
        title: 'true or false',
        description: 'Whether the buyer took the lead. true books the sale, false lets the lead go on',
      }),
    },
    { title: 'the request' },
  ),
  output: Type.Object(
    { lead_id: Type.String(), buyer: Type.String(), accepted: Type.Boolean(), ...statusProperties },
    { $id: 'PostResolved', title: 'How the lead stands after the decision' },
  ),
  failures: ['notFound', 'conflict'],
  async run(context, { lead_id: id, buyer, accepted }) {
    const { database, by } = context;
    const lead = await storedLead(database, id);
    const [contract, claim] = Object.entries(lead.claims).find(([, one]) => one.buyer === buyer) ?? [];
    if (contract === undefined || claim === undefined)
      throw new ApiError('conflict', `Lead ${id} was never posted to ${buyer}. ${whatIsHeld(lead)}`);
    if (claim.status === 'posting') {
      const sent = await context.resolvePost(id, { buyer, accepted, by });
      await assertDone(sent, database, lead);
    } else if (claim.status !== 'refused' && (claim.status === 'cancelled' || !accepted)) {
      const how = claim.status === 'cancelled' ? 'was called off' : 'was accepted';
      throw new ApiError('conflict', `The post to ${buyer} ${how} already. ${whatIsHeld(lead)}`);
    } else if (claim.status === 'refused' && accepted) {
      throw new ApiError('conflict', `The post to ${buyer} was refused already. ${whatIsHeld(lead)}`);
    } else if (claim.held === undefined) {
      const how = claim.status === 'refused' ? 'refused' : 'accepted';
      throw new ApiError(
        'conflict',
        `The post to ${buyer} was never held for ops: ${buyer} ${how} it. ${whatIsHeld(lead)}`,
      );
    }
    // A refused lead is offered to the next bidder first; what it waits for after that is new.
    const now = await untilIt(
      database,
      id,
      ({ claims, status, dueAt }) =>
        claims[contract]?.status !== 'posting' &&
        (status !== 'pending' || dueAt?.getTime() !== lead.dueAt?.getTime()),
    );
    return { lead_id: id, buyer, accepted, ...statusView(now), updated_at: now.updatedAt.toISOString() };
  },
});

export const retryLead = operation({
  id: 'retryLead',
  summary: 'Hold the next round of a pending lead now instead of at its time',
  tag,
  method: 'POST',
  path: '/admin/leads/:lead_id/retry',
  scope: 'leads:write',
  input: Type.Object({ lead_id: LeadId }, { title: 'the request' }),
  output: Type.Object(
    {
      lead_id: Type.String(),
      round: Type.Optional(
        Type.Integer({ description: 'The round that was held; absent if it is not planned yet' }),
      ),
      ...statusProperties,
    },
    { $id: 'LeadRetried', title: 'How the lead stands after the round, or while it is held' },
  ),
  failures: ['notFound', 'conflict'],
  async run(context, { lead_id: id }) {
    const { database, by } = context;
    const lead = await storedLead(database, id);
    assertWaits(lead);
    await assertDone(await context.retryNow(id), database, lead);
    await recordAuditEvent(database, by, { kind: 'lead', id, did: 'retry asked for', values: [] });
    const { lastRound: before = 0 } = lead;
    const now = await untilIt(
      database,
      id,
      ({ lastRound = 0, status, updatedAt }) =>
        status !== 'pending' || (lastRound > before && updatedAt > lead.updatedAt),
    );
    const { lastRound: last = 0 } = now;
    const round = last > before ? last : undefined;
    return { lead_id: id, round, ...statusView(now), updated_at: now.updatedAt.toISOString() };
  },
});

async function storedLead(database: Database, id: string): Promise<StoredLead> {
  const lead = await findStoredLead(database, id);
  if (lead === null) throw noLead(id);
  return lead;
}

/** What ops can decide on. */
function whatIsHeld(lead: StoredLead): string {
  const held = heldPostsOf(lead);
  if (held.length === 0) return 'Nothing of this lead waits for ops.';
  return `These posts wait for ops: ${held.map(({ buyer }) => buyer).join(', ')}.`;
}

/** @throws ApiError if the lead does not wait for a round */
function assertWaits(lead: StoredLead): void {
  const { _id: id } = lead;
  const state = stateOf(lead);
  const [held] = heldPostsOf(lead);
  const posting = Object.values(lead.claims).find(({ status }) => status === 'posting');
  const why =
    held !== undefined
      ? `waits for ops, and not for a round: did ${held.buyer} take it? Decide with \`gavel leads resolve ${id} --buyer ${held.buyer} --accepted\` (or --refused)`
      : state === 'withdrawing'
        ? 'is withdrawn: no round is held any more'
        : state === 'received' || (state === 'pending' && posting !== undefined)
          ? `is in a round${posting === undefined ? '' : `: ${posting.buyer} has not answered its post yet`}. Look again with \`gavel leads show ${id}\``
          : state === 'pending'
            ? undefined
            : `is ${state}: no round is held for a lead that has ended`;
  if (why !== undefined) throw new ApiError('conflict', `Lead ${id} ${why}. Nothing was changed.`);
}

/** @throws ApiError unless the lead's workflow did as it was asked */
async function assertDone(sent: CallResult, database: Database, { _id: id }: StoredLead): Promise<void> {
  switch (sent.sent) {
    case 'done':
      return;
    case 'refused':
      throw new ApiError(
        'conflict',
        `${sent.why}. Nothing was changed: a decision is taken only while \`gavel leads show ${id}\` says that a post is held for ops.`,
      );
    case 'gone':
      await makeDue(database, id);
      throw new ApiError(
        'unavailable',
        `Lead ${id} has no running workflow: somebody terminated it. A worker starts it again within seconds. Repeat this in a minute.`,
      );
    case 'no worker':
      throw new ApiError(
        'unavailable',
        `No worker has answered within 5 s. Start one (\`gavel worker\`), see by \`gavel leads show ${id}\` whether it is done, and repeat it if not.`,
      );
    case 'away':
      throw new ApiError('unavailable', 'Temporal does not answer. Repeat this when it is back.');
  }
}

/** How long the answer waits for what the workflow does next, ms: mostly it is done within a second. */
const PATIENCE_MS = 2000;
const LOOK_EVERY_MS = 50;

/** The lead once it is so, or as it is when that takes too long. */
async function untilIt(
  database: Database,
  id: string,
  isSo: (lead: StoredLead) => boolean,
): Promise<StoredLead> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const lead = await storedLead(database, id);
    if (isSo(lead) || Date.now() >= until) return lead;
    await sleep(LOOK_EVERY_MS);
  }
}
