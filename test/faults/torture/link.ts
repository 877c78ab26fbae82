import type { Socket } from 'node:net';
import { openProxy } from '../../bench/proxy.js';

/** What a connection goes through: nothing, a wait, a silence, or a cut. */
export type LinkState = 'open' | 'cut' | 'silent' | { delayMs: number };

/** A way from one part to another, on which connections can be cut, delayed and silenced. */
export interface Link {
  port: number;
  /** `cut`: every connection is broken and new ones too. `silent`: nothing is lost, and nothing comes through. */
  set(state: LinkState): void;
  /** Breaks the connections that are open now; new ones are let through. */
  break(): void;
  close(): Promise<void>;
}

/** @param address where it leads, asked for each new connection */
export async function openLink(address: () => string): Promise<Link> {
  let state: LinkState = 'open';
  const carriers = new Set<() => void>();
  const waitMs = (): number => (typeof state === 'object' ? state.delayMs : 0);
  const isSilent = (): boolean => state === 'silent';

  function carry(from: Socket, to: Socket): void {
    const waiting: { due: number; chunk: Buffer }[] = [];
    let timer: NodeJS.Timeout | undefined;
    const flow = (): void => {
      clearTimeout(timer);
      if (isSilent()) return;
      const now = performance.now();
      while (waiting[0] !== undefined && waiting[0].due <= now) to.write(waiting.shift()?.chunk ?? '');
      if (waiting[0] !== undefined) timer = setTimeout(flow, Math.ceil(waiting[0].due - now));
    };
    carriers.add(flow);
    from.on('data', (chunk) => {
      waiting.push({ due: performance.now() + waitMs(), chunk });
      flow();
    });
    from.on('close', () => {
      clearTimeout(timer);
      carriers.delete(flow);
    });
  }

  const proxy = await openProxy(address, (client, server) => {
    if (state === 'cut') client.destroy();
    carry(client, server);
    carry(server, client);
  });
  return {
    port: proxy.port,
    set: (next) => {
      state = next;
      if (next === 'cut') proxy.cut();
      for (const flow of carriers) flow();
    },
    break: () => proxy.cut(),
    close: () => proxy.close(),
  };
}
