import { openFetcher, type Fetcher } from '../../buyers/fetcher.js';
import { errorForLog } from '../../errorForLog.js';
import { readPayload } from '../../operations/sources/readPayload.js';
import type { PayloadDocument } from '../../store/documents.js';
import {
  failPayload,
  openPayload,
  postponePayload,
  removeExpiredPayloads,
  removePayload,
  takeDuePayload,
} from '../../store/leads/payloads.js';
import { runPeriodically } from '../../temporal/runPeriodically.js';
import { isMap } from '../../market/mapping/path.js';
import type { SellerKey } from '../plugins/auth.js';
import { secretOf } from './proof.js';
import type { InboundSource, SourceCache } from './sourceCache.js';
import { isRefusal, takeDocument, type Services } from './takePayload.js';

/** How often a process looks for payloads that are due, ms. */
const EVERY_MS = 5000;
const REMOVE_EVERY_MS = 60_000;
const FETCH_TIMEOUT_MS = 10_000;
const FIRST_WAIT_MS = 15_000;
const LONGEST_WAIT_MS = 3_600_000;

/** Takes payloads that wait: leads that a platform has announced, and failed payloads that ops want to have taken again. */
export interface DuePayloads {
  /** Looks at once, and takes all due payloads. */
  wake(): void;
  stop(): Promise<void>;
}

export function startDuePayloads(services: Services & { sources: SourceCache }): DuePayloads {
  const { context } = services;
  const fetcher = openFetcher(context.settings);
  let removedAt = 0;
  const step = async (): Promise<number> => {
    if (Date.now() - removedAt > REMOVE_EVERY_MS) {
      removedAt = Date.now();
      await removeExpiredPayloads(context.database, new Date());
    }
    const payload = await takeDuePayload(context.database, new Date());
    if (payload === undefined) return 0;
    await new DuePayload(services, payload, fetcher).take();
    return 1;
  };
  const task = runPeriodically(
    step,
    { everyMs: EVERY_MS, repeatUntilIdle: true, failed: { event: 'payload_not_taken' } },
    context.log,
  );
  let isStopping = false;
  const takeAll = async (): Promise<void> => {
    while (!isStopping && (await step()) > 0);
  };
  let woken: Promise<unknown> = Promise.resolve();
  return {
    wake: () => {
      woken = woken
        .then(takeAll)
        .catch((error: unknown) =>
          context.log.warn({ event: 'payload_not_taken', fault: errorForLog(error) }),
        );
    },
    stop: async () => {
      isStopping = true;
      await task.stop();
      await woken;
      await fetcher.close();
    },
  };
}

/** One payload that this process has leased. */
class DuePayload {
  constructor(
    private readonly services: Services & { sources: SourceCache },
    private readonly payload: PayloadDocument,
    private readonly fetcher: Fetcher,
  ) {}

  async take(): Promise<void> {
    const { sources } = this.services;
    const source = await sources.source(this.payload.source);
    if (source?.seller !== this.payload.seller) return this.fail('The source has no address any more.');
    const { contentType, body, announced } = openPayload(this.services.context.database, this.payload);
    if (announced !== undefined) return this.takeAnnounced(source, announced);
    try {
      const { document, isForm } = await readPayload(body, contentType, source.inbound);
      await this.takeAll(source, document, { isForm });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await this.fail(error.message);
    }
  }

  private async takeAnnounced(source: InboundSource, id: string): Promise<void> {
    const { fetch } = source.inbound;
    if (fetch === undefined) return this.fail('The source reads no leads from its platform any more.');
    const token = await secretOf(fetch.token, this.services.sources.secret).catch(() => undefined);
    if (token === undefined) return this.postpone('the secret of fetch.token is not set');
    const url = new URL(fetch.url.replace('{id}', encodeURIComponent(id)));
    if (fetch.parameter !== undefined) url.searchParams.set(fetch.parameter, token);
    const headers: Record<string, string> =
      fetch.parameter === undefined ? { authorization: `Bearer ${token}` } : {};
    const fetched = await this.fetcher.get(url.href, { headers, timeoutMs: FETCH_TIMEOUT_MS });
    if (fetched.kind === 'unreachable')
      return this.postpone(`the platform is unreachable (${fetched.detail})`);
    const { status, document } = fetched;
    // A token that has expired is replaced by ops, and the lead is read then.
    if (status !== 200 || !isMap(document)) return this.postpone(`the platform answered ${status}`);
    return this.takeAll(source, { [fetch.id]: id, ...document }, { isForm: false });
  }

  private async takeAll(
    source: InboundSource,
    body: unknown,
    { isForm }: { isForm: boolean },
  ): Promise<void> {
    const { _id, key, test, at, seller } = this.payload;
    const { documents, problem } = source.mapping.read(body);
    if (problem !== undefined) return this.fail(problem);
    const sellerKey: SellerKey = { _id: key, hash: '', seller, source: source.name, test, createdAt: at };
    let refusal: string | undefined;
    for (const [i, document] of documents.entries()) {
      const proven = { source, key: sellerKey, receivedAt: new Date(), sentAt: at, payloadId: `${_id}/${i}` };
      const taken = await takeDocument(this.services, proven, { document, isForm });
      if (taken.status === 'refused') refusal ??= taken.message;
    }
    if (refusal !== undefined) return this.fail(refusal);
    await removePayload(this.services.context.database, _id);
  }

  private async fail(reason: string): Promise<void> {
    await failPayload(this.services.context.database, this.payload, reason, new Date());
  }

  private async postpone(reason: string): Promise<void> {
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.payload.attempts - 1));
    const dueAt = new Date(Date.now() + waitMs);
    const { context } = this.services;
    context.log.warn({ event: 'lead_not_read', source: this.payload.source, why: reason });
    if (dueAt >= this.payload.expiresAt) await this.fail(reason);
    else await postponePayload(context.database, this.payload._id, { reason, dueAt });
  }
}
