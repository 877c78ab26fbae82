import { expect, vi } from 'vitest';
import type { FakeBuyer } from '../support/buyer.js';

/** Received and unanswered requests of a buyer. */
export interface HeldRequests {
  /** Waits until N requests are held. */
  atLeast(count: number): Promise<void>;
  /** Lets the buyer answer these and all later requests. */
  release(): void;
}

/** Holds a buyer's pings or posts until they are released. */
export function holdRequests(buyer: FakeBuyer, type: 'ping' | 'post'): HeldRequests {
  let held = 0;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  buyer.onRequest = (received) => {
    if (received.type !== type) return undefined;
    held += 1;
    return released;
  };
  return {
    atLeast: (count) =>
      vi.waitFor(
        () => {
          expect(held).toBeGreaterThanOrEqual(count);
        },
        { timeout: 20_000 },
      ),
    release,
  };
}
