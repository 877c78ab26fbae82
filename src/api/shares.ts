/** The requests that a process is answering, shared out among sellers. */
export interface Shares {
  /** Takes a place for one request of a seller; returns what gives it back, or undefined where there is none. */
  enter(seller: string): (() => void) | undefined;
}

/**
 * At most `limit` places, and for one seller no more than `limit / (sellers + 1)` of them, where `sellers` are those that
 * have a request under way: whoever comes next always finds a place, however much the others send.
 */
export function createShares(limit: number): Shares {
  const bySeller = new Map<string, number>();
  let total = 0;

  function leave(seller: string): void {
    const left = (bySeller.get(seller) ?? 0) - 1;
    if (left > 0) bySeller.set(seller, left);
    else bySeller.delete(seller);
    total -= 1;
  }

  return {
    enter(seller) {
      const own = bySeller.get(seller) ?? 0;
      const sellers = bySeller.size + (own === 0 ? 1 : 0);
      if (total >= limit || (own > 0 && own + 1 > limit / (sellers + 1))) return undefined;
      bySeller.set(seller, own + 1);
      total += 1;
      return () => leave(seller);
    },
  };
}
