import { Context, type Info } from '@temporalio/activity';
import { isGrpcServiceError, type Client } from '@temporalio/client';
import type { Actor } from '../src/market/model/actor.js';
import { recordUpdate } from '../src/store/audit.js';
import type { Deps } from './deps.js';

/** An update that somebody sent to a lead's workflow, past Gavel's own API. */
export interface UpdateDeed {
  leadId: string;
  updateId: string;
  /** The workflow's time, UTC ms. */
  at: number;
  did: string;
  values: { path: string; to: string }[];
  /** Who sent it, if the sender says so; else it is looked up in the history. */
  by?: Actor;
}

/** Notes an update in the audit, once, with who sent it as far as Temporal knows. */
export const auditUpdate =
  ({ database }: Pick<Deps, 'database'>) =>
  async ({ leadId, updateId, at, did, values, by }: UpdateDeed): Promise<void> => {
    const sender: Actor = by ?? { who: (await senderOf(updateId)) ?? 'temporal', via: 'temporal' };
    const deed = { kind: 'lead', id: leadId, did, values } as const;
    await recordUpdate(database, sender, deed, { updateId, at: new Date(at) });
  };

/** Temporal's pages and commands say who sends: a user, or a user and a machine. */
const LONGEST_IDENTITY = 100;
const PAGE = 100;

/** How often the history is asked before the audit does without the sender. */
const MOST_TRIES = 3;
/** Of gRPC's status codes. */
const UNIMPLEMENTED = 12;

async function senderOf(updateId: string): Promise<string | undefined> {
  const { client, info } = Context.current();
  try {
    for await (const { workflowExecutionUpdateAcceptedEventAttributes: accepted } of newestFirst(
      client,
      info,
    )) {
      const { meta } = accepted?.acceptedRequest ?? {};
      if (meta?.updateId === updateId) return meta.identity?.slice(0, LONGEST_IDENTITY) || undefined;
    }
  } catch (error) {
    const code: number | undefined = isGrpcServiceError(error) ? error.code : undefined;
    if (code !== UNIMPLEMENTED && info.attempt < MOST_TRIES) throw error;
  }
  return undefined;
}

async function* newestFirst({ workflowService }: Client, { workflowExecution, namespace }: Info) {
  let nextPageToken: Uint8Array | undefined;
  do {
    const page: Awaited<ReturnType<typeof workflowService.getWorkflowExecutionHistoryReverse>> =
      await workflowService.getWorkflowExecutionHistoryReverse({
        namespace,
        execution: workflowExecution,
        maximumPageSize: PAGE,
        nextPageToken,
      });
    yield* page.history?.events ?? [];
    ({ nextPageToken } = page);
  } while (nextPageToken.length > 0);
}
