import type { OutcomeAnswer } from '../../temporal/names.js';
import { createPlaces, type Places } from './places.js';

/** A lead's place among those under way; its end gives it to another lead. */
export interface Place {
  /** The lead has its early answer, in time or late. */
  answered: (outcome: OutcomeAnswer) => void;
  /** The place is no longer needed, and how long the lead takes is not known. */
  leave: () => void;
}

interface Lead {
  seller: string;
  campaign: string;
}

/** Which leads an API process works on now. */
export interface Admission {
  /**
   * Waits for a place, at most this long and half the answer window. Undefined when there is none by then: the lead is
   * stored and answered `pending`.
   */
  enter(lead: Lead, patienceMs: number): Promise<Place | undefined>;
  /**
   * Starts a stored lead once a place is free that no source waits for. Too many of them are not kept: a worker's sweep
   * starts them when they are due.
   */
  enterLater(lead: Lead, start: (place: Place) => void): void;
}

interface Seller {
  underWay: number;
  servedAt: number;
  /** Leads whose sources wait, and stored ones whose sources do not; each in order of arrival. */
  waiting: Set<Waiting>;
  later: Set<Waiting>;
}

/** Takes a place for the lead, and goes on with it. */
type Waiting = () => void;

interface Options {
  /** The most leads that are ever under way. */
  most: number;
  /** How long a source waits for its answer, ms; no lead holds a place for longer. */
  answerWindowMs: number;
  places?: Places;
  /** The most stored leads that wait in memory. */
  mostLater?: number;
}

/**
 * Leads beyond the places there are (`createPlaces`) wait for one: the seller with the fewest leads under way is served
 * first, and of several the one that was served longest ago, so that one seller's flood costs another the wait for one
 * place. A lead whose source can't wait longer is stored, and takes its turn after those whose sources wait.
 *
 * While no lead is answered, because Temporal or all workers are away, new leads do not wait: they are stored, and sold
 * later.
 */
export function createAdmission({
  most,
  answerWindowMs,
  places = createPlaces(most),
  mostLater = 10_000,
}: Options): Admission {
  const now = (): number => performance.now();
  const sellers = new Map<string, Seller>();
  let total = 0;
  let later = 0;
  let served = 0;
  let silentSince: number | undefined;
  let isAway = false;

  const isFree = (): boolean => total < places.count;

  function sellerOf(code: string): Seller {
    const known = sellers.get(code);
    if (known !== undefined) return known;
    const seller: Seller = { underWay: 0, servedAt: 0, waiting: new Set(), later: new Set() };
    sellers.set(code, seller);
    return seller;
  }

  function take({ seller, campaign }: Lead): Place {
    const began = now();
    const ended = places.begin(campaign, total);
    const own = sellerOf(seller);
    own.underWay += 1;
    own.servedAt = served += 1;
    total += 1;
    silentSince ??= began;
    let holds = true;
    const leave = (): void => {
      clearTimeout(timer);
      if (holds) {
        total -= 1;
        own.underWay -= 1;
      }
      holds = false;
      serve();
    };
    const timer = setTimeout(() => {
      // If workers are there, some lead has had an answer by now: there are no more places than they can serve.
      isAway = silentSince !== undefined && silentSince <= began;
      leave();
    }, answerWindowMs);
    timer.unref();
    return {
      leave,
      answered({ waitedMs }) {
        silentSince = undefined;
        isAway = false;
        if (waitedMs !== undefined) ended({ ownMs: Math.max(0, now() - began - waitedMs), waitedMs });
        leave();
      },
    };
  }

  /** Serves the next leads; each takes its place at once, which counts for the choice of the one after it. */
  function serve(): void {
    while (isAway || isFree()) if (!serveNext('waiting')) break;
    while (isFree()) if (!serveNext('later')) break;
  }

  /** Whether there was anybody to serve. */
  function serveNext(queue: 'waiting' | 'later'): boolean {
    const [next] = [...sellers.values()]
      .filter((seller) => seller[queue].size > 0)
      .sort((a, b) => a.underWay - b.underWay || a.servedAt - b.servedAt);
    const [first] = next?.[queue] ?? [];
    if (next === undefined || first === undefined) return false;
    next[queue].delete(first);
    first();
    return true;
  }

  return {
    enter(lead, patienceMs) {
      if (isAway || isFree()) return Promise.resolve(take(lead));
      const { waiting } = sellerOf(lead.seller);
      return new Promise((resolve) => {
        const admit = (): void => {
          clearTimeout(timer);
          resolve(take(lead));
        };
        const timer = setTimeout(
          () => {
            waiting.delete(admit);
            resolve(undefined);
          },
          Math.min(patienceMs, answerWindowMs / 2),
        );
        waiting.add(admit);
      });
    },
    enterLater(lead, start) {
      if (later >= mostLater) return;
      later += 1;
      sellerOf(lead.seller).later.add(() => {
        later -= 1;
        start(take(lead));
      });
      serve();
    },
  };
}
