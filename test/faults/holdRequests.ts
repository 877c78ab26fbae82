import { expect, vi } from 'vitest';
import type { FakeBuyer } from '../support/buyer.js';

/** Requests that a buyer has received and not answered. */
export interface HeldRequests {
  /** Waits until so many are held. */
  atLeast(count: number): Promise<void>;
  /** Lets the buyer answer these, and all that follow. */
  release(): void;
}

/** Makes a buyer sit on its pings or its posts, from now on until they are released. */
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
