/** How many leads an API process has under way at once, by how long they take. */
export interface Places {
  readonly count: number;
  /** Records the start of a lead beside N others; returns a function that records its end. */
  begin(campaign: string, others: number): (end: LeadEnd) => void;
}

/** What a lead took, ms: the exchange's own time, and that of buyers and outside services. */
export interface LeadEnd {
  ownMs: number;
  waitedMs: number;
}

/** Ratios of a lead's time to its time alone: above the first, places are reduced; below the second, increased. */
const TOO_SLOW = 1.5;
const QUICK = 1.1;
/** Places that there are at first, and those that there always are. */
const FIRST = 16;
const LEAST = 2;
/** Leads per sample, consecutive by their start: the first to end would all be quick ones. */
const LEADS = 8;
/** A sample does not wait longer than this for a lead's end, ms. */
const LONG_MS = 10_000;
/** If no lead was alone for this time, places are halved for a moment, ms. */
const LEARN_AGAIN_MS = 10_000;

/**
 * At most `most` places, and no more than the machines behind the API can serve at once: a lead then takes about one and
 * a half times as long as alone, however much is sent. What counts is the exchange's own time beside that of buyers, who
 * take as long as they take. It is measured, because what is slow at a given moment may be the worker, the database or
 * Temporal, or what else uses them. The way is that of TCP Vegas and of Netflix's concurrency-limits
 * (https://github.com/Netflix/concurrency-limits): fewer by a factor when leads slow each other down, more by and by
 * while they don't; and like BBR (https://queue.acm.org/detail.cfm?id=3022184) it has less under way now and then, to
 * learn again what a lead takes alone. As long as nobody needs more places than there are, nothing changes.
 * @param now ms, from any start
 */
export function createPlaces(most: number, now: () => number = () => performance.now()): Places {
  let count = Math.min(FIRST, most);
  /** What the exchange needs for a lead of each campaign that is alone, ms. */
  const alone = new Map<string, number>();
  let learnedAt = now();
  /** How many places there were before they were halved to learn from it. */
  let before: number | undefined;
  let ends: (LeadEnd & { campaign: string })[] = [];
  /** Leads of the current sample that have started, and its start time. */
  let begun = 0;
  let lookedAt = now();
  let wasFull = false;

  function learn(campaign: string, ownMs: number): void {
    const known = alone.get(campaign) ?? ownMs;
    // A single slow lead is no reason; one that was quicker shows that it can be done.
    alone.set(campaign, known + (ownMs - known) / (ownMs < known ? 2 : 16));
    learnedAt = now();
  }

  function look(): void {
    // For a campaign without a lead alone: at most the time that this lead took, or the usual time of others.
    const usual = mean([...alone.values()]);
    for (const { campaign, ownMs } of ends)
      if (!alone.has(campaign)) alone.set(campaign, Math.min(ownMs, usual));
    const aloneOf = ({ campaign, ownMs }: (typeof ends)[number]): number => alone.get(campaign) ?? ownMs;
    const waitedMs = sum(ends.map((end) => end.waitedMs));
    const ownMs = sum(ends.map((end) => end.ownMs));
    const aloneMs = sum(ends.map(aloneOf));
    if (wasFull && ends.length > 0) {
      // No lead takes longer alone than beside others.
      if (ownMs < aloneMs)
        for (const campaign of new Set(ends.map((end) => end.campaign)))
          alone.set(campaign, ((alone.get(campaign) ?? 0) * ownMs) / aloneMs);
      adjust((ownMs + waitedMs) / Math.max(1, aloneMs + waitedMs));
    }
    ends = [];
    begun = 0;
    wasFull = false;
    lookedAt = now();
  }

  function adjust(slowdown: number): void {
    if (before !== undefined) {
      count = before;
      before = undefined;
      learnedAt = now();
      return;
    }
    if (slowdown > TOO_SLOW) count = Math.max(LEAST, Math.floor(count * Math.max(0.5, TOO_SLOW / slowdown)));
    else count = Math.min(most, count + Math.max(1, Math.floor(count / (slowdown < QUICK ? 2 : 8))));
    if (slowdown < QUICK || now() - learnedAt < LEARN_AGAIN_MS) return;
    before = count;
    count = Math.ceil(count / 2);
  }

  return {
    get count() {
      return count;
    },
    begin(campaign, others) {
      if (others + 1 >= count) wasFull = true;
      if (begun === LEADS && now() - lookedAt > LONG_MS) look();
      const since = lookedAt;
      const isSeen = begun < LEADS;
      if (isSeen) begun += 1;
      return (end) => {
        if (others === 0) learn(campaign, end.ownMs);
        if (!isSeen || since !== lookedAt) return;
        ends.push({ campaign, ...end });
        if (ends.length === LEADS) look();
      };
    },
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const mean = (values: readonly number[]): number =>
  values.length > 0 ? sum(values) / values.length : Infinity;
