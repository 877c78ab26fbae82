import type { OutcomeAnswer } from '../temporal/names.js';
import { createPlaces, type Places } from './places.js';

/** A lead's place among those under way. Its end gives it to another; what comes after that is only listened to. */
export interface Place {
  /** Too many came at once: the lead has waited so long that nobody can wait for its answer. */
  isLate: boolean;
  /** The lead has its early answer, in time or late. */
  heard: (outcome: OutcomeAnswer) => void;
  /** The place is needed no longer, and nothing is known of how long the lead takes. */
  leave: () => void;
}

/** Which leads an API process works on now. */
export interface Admission {
  /**
   * Waits for a place for so long, and for half the answer window at the most. Undefined, soon or then, where more is
   * sent, and has been for some time, than can be worked on.
   */
  enter(lead: { seller: string; campaign: string }, patienceMs: number): Promise<Place | undefined>;
}

interface Waiting {
  seller: string;
  admit(): void;
}

interface Options {
  /** The most leads that are ever under way. */
  most: number;
  /** How long a source waits for its answer, ms; nobody holds a place for longer. */
  answerWindowMs: number;
  places?: Places;
}

/**
 * Leads beyond the places there are (`createPlaces`) wait for one: the seller with the fewest under way is served first,
 * and of several the one that was served longest ago, so that one seller's flood costs another the wait for one place.
 * Of a crowd, whoever has waited for too long is let in beyond the places, and late. A crowd that lasts is a flood: then
 * nobody is, and no seller has more waiting than there are places, so that one more is refused at once.
 *
 * While no lead at all is answered, for Temporal or all workers are away, all are let in: they are stored, and sold later.
 * That is known before a crowd is a flood.
 */
export function createAdmission({ most, answerWindowMs, places = createPlaces(most) }: Options): Admission {
  const now = (): number => performance.now();
  const sellers = new Map<string, { underWay: number; servedAt: number }>();
  const waiting = new Set<Waiting>();
  let total = 0;
  let served = 0;
  let crowdedSince = 0;
  let crowdedAt = -Infinity;
  let silentSince: number | undefined;
  let isAway = false;

  const hasRoom = (): boolean => isAway || total < places.count;
  const isFlood = (): boolean => now() - crowdedSince > answerWindowMs;
  const waitingOf = (seller: string): number =>
    [...waiting].filter((other) => other.seller === seller).length;

  function crowd(): void {
    if (waiting.size === 0 && now() - crowdedAt > answerWindowMs) crowdedSince = now();
    crowdedAt = now();
  }

  function take(seller: string, campaign: string, isLate: boolean): Place {
    const began = now();
    const ended = places.begin(campaign, total);
    const own = sellers.get(seller) ?? { underWay: 0, servedAt: 0 };
    sellers.set(seller, own);
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
      // Workers that are there answer one lead or another in so long: there are no more places than they can.
      isAway = silentSince !== undefined && silentSince <= began;
      leave();
    }, answerWindowMs);
    timer.unref();
    return {
      isLate,
      leave,
      heard({ waitedMs }) {
        silentSince = undefined;
        isAway = false;
        if (waitedMs !== undefined) ended({ ownMs: Math.max(0, now() - began - waitedMs), waitedMs });
        leave();
      },
    };
  }

  function serve(): void {
    while (waiting.size > 0 && hasRoom()) {
      const next = [...waiting].reduce((first, other) => (goesBefore(other, first) ? other : first));
      waiting.delete(next);
      next.admit();
    }
  }

  function goesBefore(one: Waiting, other: Waiting): boolean {
    const [a, b] = [sellers.get(one.seller), sellers.get(other.seller)];
    const more = (a?.underWay ?? 0) - (b?.underWay ?? 0);
    return more < 0 || (more === 0 && (a?.servedAt ?? 0) < (b?.servedAt ?? 0));
  }

  return {
    enter({ seller, campaign }, patienceMs) {
      if (waiting.size === 0 && hasRoom()) return Promise.resolve(take(seller, campaign, false));
      crowd();
      if (isFlood() && waitingOf(seller) >= places.count) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        const one: Waiting = {
          seller,
          admit() {
            clearTimeout(timer);
            resolve(take(seller, campaign, false));
          },
        };
        const giveUp = (): void => {
          crowd();
          waiting.delete(one);
          resolve(isFlood() ? undefined : take(seller, campaign, true));
        };
        const timer = setTimeout(giveUp, Math.min(patienceMs, answerWindowMs / 2));
        waiting.add(one);
      });
    },
  };
}
