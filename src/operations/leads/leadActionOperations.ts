import { setTimeout as sleep } from 'node:timers/promises';
import Type from 'typebox';
import { statusView } from '../../market/model/statusView.js';
import { recordAuditEvent } from '../../store/audit.js';
import type { Database } from '../../store/db.js';
import { heldPostsOf } from '../../store/leads/heldPosts.js';
import { findStoredLead, makeDue } from '../../store/leads/leads.js';
import type { StoredLead } from '../../store/documents.js';
import { stateOf } from '../../store/leads/withdrawals.js';
import type { CallResult } from '../../temporal/leadWorkflowClient.js';
import { conflict, unavailable } from '../operationError.js';
import { BuyerName, LeadId } from '../inputs.js';
import { noLead, statusProperties } from './leadsOperations.js';
import { operation } from '../operation.js';

/*
 * Operations that a lead's workflow executes.
 */
const tag = 'Leads';

export const resolvePost = operation({
  id: 'resolvePost',
  summary: 'Decide a post that is held for ops: accepted or refused by the buyer',
  tag,
  route: 'POST /admin/leads/:lead_id/resolve',
  scope: 'leads:write',
  input: {
    lead_id: LeadId,
    buyer: BuyerName,
    accepted: Type.Boolean({
      title: 'true or false',
      description:
        'Whether the buyer accepted the lead. true books the sale, false offers the lead to other buyers',
    }),
  },
  output: Type.Object(
    { lead_id: Type.String(), buyer: Type.String(), accepted: Type.Boolean(), ...statusProperties },
    { $id: 'PostResolved', title: 'The status of the lead after the decision' },
  ),
  failures: ['notFound', 'conflict'],
  async run(context, { lead_id: id, buyer, accepted }) {
    const { database, by } = context;
    const lead = await storedLead(database, id);
    const [contract, claim] = Object.entries(lead.claims).find(([, one]) => one.buyer === buyer) ?? [];
    if (contract === undefined || claim === undefined)
      throw conflict(`Lead ${id} was never posted to ${buyer}. ${heldPostsText(lead)}`);
    if (claim.status === 'posting') {
      const sent = await context.resolvePost(id, { buyer, accepted, by });
      await assertDone(sent, database, lead);
    } else if (claim.status !== 'refused' && (claim.status === 'cancelled' || !accepted)) {
      const how = claim.status === 'cancelled' ? 'was cancelled' : 'was accepted';
      throw conflict(`The post to ${buyer} ${how} already. ${heldPostsText(lead)}`);
    } else if (claim.status === 'refused' && accepted) {
      throw conflict(`The post to ${buyer} was refused already. ${heldPostsText(lead)}`);
    } else if (claim.held === undefined) {
      const how = claim.status === 'refused' ? 'refused' : 'accepted';
      throw conflict(
        `The post to ${buyer} was never held for ops: ${buyer} ${how} it. ${heldPostsText(lead)}`,
      );
    }
    // After a refusal, the lead is first offered to the next bidder. A new `dueAt` shows that this is done.
    const now = await waitForLead(
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
  summary: 'Start the next round of a pending lead now',
  tag,
  route: 'POST /admin/leads/:lead_id/retry',
  scope: 'leads:write',
  input: { lead_id: LeadId },
  output: Type.Object(
    {
      lead_id: Type.String(),
      round: Type.Optional(Type.Integer({ description: 'The new round; absent if it is not planned yet' })),
      ...statusProperties,
    },
    { $id: 'LeadRetried', title: 'The status of the lead after the round, or during it' },
  ),
  failures: ['notFound', 'conflict'],
  async run(context, { lead_id: id }) {
    const { database, by } = context;
    const lead = await storedLead(database, id);
    assertWaitsForRound(lead);
    await assertDone(await context.retryNow(id), database, lead);
    await recordAuditEvent(database, by, { kind: 'lead', id, did: 'retry asked for', values: [] });
    const { lastRound: before = 0 } = lead;
    const now = await waitForLead(
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

function heldPostsText(lead: StoredLead): string {
  const held = heldPostsOf(lead);
  if (held.length === 0) return 'No post of this lead is held for ops.';
  return `Posts held for ops: ${held.map(({ buyer }) => buyer).join(', ')}.`;
}

/** @throws OperationError if the lead is not waiting for a round */
function assertWaitsForRound(lead: StoredLead): void {
  const { _id: id } = lead;
  const state = stateOf(lead);
  const [held] = heldPostsOf(lead);
  const posting = Object.values(lead.claims).find(({ status }) => status === 'posting');
  const why =
    held !== undefined
      ? `waits for ops, not for a round. Decide whether ${held.buyer} accepted it, with \`gavel leads resolve ${id} --buyer ${held.buyer} --accepted\` (or --refused)`
      : state === 'withdrawing'
        ? 'is withdrawn, so no further round starts'
        : state === 'received' || (state === 'pending' && posting !== undefined)
          ? `is in a round${posting === undefined ? '' : `: ${posting.buyer} has not answered its post yet`}. Check it again with \`gavel leads show ${id}\``
          : state === 'pending'
            ? undefined
            : `is ${state}, so no further round starts`;
  if (why !== undefined) throw conflict(`Lead ${id} ${why}. Nothing was changed.`);
}

/** @throws OperationError unless the lead's workflow executed the request */
async function assertDone(sent: CallResult, database: Database, { _id: id }: StoredLead): Promise<void> {
  switch (sent.sent) {
    case 'done':
      return;
    case 'refused':
      throw conflict(
        `${sent.why}. Nothing was changed. Ops can decide only while \`gavel leads show ${id}\` shows a post held for ops.`,
      );
    case 'gone':
      await makeDue(database, id);
      throw unavailable(
        `Lead ${id} has no running workflow: it was terminated. A worker restarts it within seconds. Retry in a minute.`,
      );
    case 'no worker':
      throw unavailable(
        `No worker answered within 5 s. Start one (\`gavel worker\`), check with \`gavel leads show ${id}\` whether the request was executed, and retry if not.`,
      );
    case 'away':
      throw unavailable('Temporal does not answer. Retry when it is up.');
  }
}

/** How long the response waits for the workflow, which is usually done within a second, ms. */
const TIMEOUT_MS = 2000;
const POLL_INTERVAL_MS = 50;

async function waitForLead(
  database: Database,
  id: string,
  isDone: (lead: StoredLead) => boolean,
): Promise<StoredLead> {
  const until = Date.now() + TIMEOUT_MS;
  for (;;) {
    const lead = await storedLead(database, id);
    if (isDone(lead) || Date.now() >= until) return lead;
    await sleep(POLL_INTERVAL_MS);
  }
}
