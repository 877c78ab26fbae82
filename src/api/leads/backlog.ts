/** The leads that one API process has put on sale at once, and the estimate of how long a further one would take. */
export interface Backlog {
  /** Whether a lead of this seller will probably have its outcome within this time, ms. */
  isInTime(seller: string, withinMs: number): boolean;
  /**
   * A source waits for this lead.
   * @param until UTC ms. A lead that is late keeps its place in the queue, and counts for one more answer window: if it is
   *   not finished by then, its answer may have got lost.
   */
  waits(lead: { leadId: string; seller: string }, until: number): void;
  /** This lead has its outcome, whether or not its source still waits. */
  finished(leadId: string): void;
}

/** Below this time the process has not seen enough to estimate, ms. */
const TOO_SHORT_MS = 500;
/** The part of its time that a lead may need by the estimate: the rest is for a rate that falls. */
const SHARE = 0.5;

/**
 * Estimates by the rate at which leads were finished lately, at most for one answer window and only since sources wait
 * without a break: while none waits, the rate shows what was sent and not what can be sold. Sellers take turns in
 * Temporal's task queue, so a lead waits for those of its own seller, and for as many of each other seller.
 * @param now UTC ms
 */
export function createBacklog(answerWindowMs: number, now: () => number = Date.now): Backlog {
  const waiting = new Map<string, { seller: string; timer: NodeJS.Timeout }>();
  const bySeller = new Map<string, number>();
  let busySince = 0;
  let finishedAt: number[] = [];

  function leave(leadId: string): void {
    const lead = waiting.get(leadId);
    if (lead === undefined) return;
    clearTimeout(lead.timer);
    waiting.delete(leadId);
    const others = (bySeller.get(lead.seller) ?? 1) - 1;
    if (others === 0) bySeller.delete(lead.seller);
    else bySeller.set(lead.seller, others);
  }

  return {
    isInTime(seller, withinMs) {
      const elapsedMs = Math.min(answerWindowMs, now() - busySince);
      if (waiting.size === 0 || elapsedMs < TOO_SHORT_MS) return true;
      const since = now() - elapsedMs;
      finishedAt = finishedAt.filter((at) => at >= since);
      const own = bySeller.get(seller) ?? 0;
      const sellers = bySeller.size + (own === 0 ? 1 : 0);
      const before = Math.min(waiting.size, own * sellers);
      return (before * elapsedMs) / finishedAt.length <= withinMs * SHARE || before === 0;
    },
    waits({ leadId, seller }, until) {
      if (waiting.size === 0) busySince = now();
      const timer = setTimeout(leave, Math.max(0, until - now()) + answerWindowMs, leadId).unref();
      waiting.set(leadId, { seller, timer });
      bySeller.set(seller, (bySeller.get(seller) ?? 0) + 1);
    },
    finished(leadId) {
      finishedAt.push(now());
      leave(leadId);
    },
  };
}
