/** The leads that one API process has put on sale at once, and the estimate of how long a further one would wait for a worker. */
export interface Backlog {
  /** Whether a lead of this seller will probably be on sale soon enough for an outcome within this time, ms. */
  isInTime(seller: string, withinMs: number): boolean;
  /**
   * A lead is put on sale, and its source waits.
   * @param until UTC ms. While workers take leads, a late lead keeps its place in the queue, so it counts for one more
   *   answer window: if it has not started by then, the news of it may have got lost.
   */
  waits(lead: { leadId: string; seller: string }, until: number): void;
  /** A worker has started with this lead, whether or not its source still waits. */
  started(leadId: string): void;
}

/** Below this time the process has not seen enough to estimate, ms. */
const TOO_SHORT_MS = 500;
/**
 * The part of its time that a lead may wait for a worker by the estimate: the rest is for its sale, and for a rate that
 * falls. With a half, a flood left two of five leads on sale too late.
 */
const SHARE = 0.25;

/**
 * Estimates by the rate at which workers took leads lately, at most for one answer window and only since leads wait without
 * a break: while none waits, the rate shows what was sent and not what can be sold. How long sales take does not matter:
 * while workers have free slots, no lead waits, however slow its buyers are. Sellers take turns in Temporal's task queue,
 * so a lead waits for those of its own seller, and for as many of each other seller.
 * @param now UTC ms
 */
export function createBacklog(answerWindowMs: number, now: () => number = Date.now): Backlog {
  const waiting = new Map<string, { seller: string; timer: NodeJS.Timeout }>();
  const bySeller = new Map<string, number>();
  let busySince = 0;
  let startedAt: number[] = [];

  function leave(leadId: string): boolean {
    const lead = waiting.get(leadId);
    if (lead === undefined) return false;
    clearTimeout(lead.timer);
    waiting.delete(leadId);
    const others = (bySeller.get(lead.seller) ?? 1) - 1;
    if (others === 0) bySeller.delete(lead.seller);
    else bySeller.set(lead.seller, others);
    return true;
  }

  function late(leadId: string): void {
    const lead = waiting.get(leadId);
    const last = startedAt.at(-1) ?? 0;
    if (lead === undefined || now() - last > answerWindowMs) leave(leadId);
    else lead.timer = setTimeout(leave, answerWindowMs, leadId).unref();
  }

  return {
    isInTime(seller, withinMs) {
      const elapsedMs = Math.min(answerWindowMs, now() - busySince);
      if (waiting.size === 0 || elapsedMs < TOO_SHORT_MS) return true;
      const since = now() - elapsedMs;
      startedAt = startedAt.filter((at) => at >= since);
      const own = bySeller.get(seller) ?? 0;
      const sellers = bySeller.size + (own === 0 ? 1 : 0);
      const before = Math.min(waiting.size, own * sellers);
      return (before * elapsedMs) / startedAt.length <= withinMs * SHARE || before === 0;
    },
    waits({ leadId, seller }, until) {
      if (waiting.size === 0) [busySince, startedAt] = [now(), startedAt.slice(-1)];
      const timer = setTimeout(late, Math.max(0, until - now()), leadId).unref();
      waiting.set(leadId, { seller, timer });
      bySeller.set(seller, (bySeller.get(seller) ?? 0) + 1);
    },
    started(leadId) {
      if (leave(leadId)) startedAt.push(now());
    },
  };
}
