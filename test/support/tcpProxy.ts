import type { Socket } from 'node:net';
import { openProxy, type Proxy } from '../bench/proxy.js';

export { throughProxy } from '../bench/proxy.js';

/** A proxy to a server that can hold or cut connections at an exact point. */
export interface TcpProxy extends Proxy {
  /** Waits for a request that contains all of these words. */
  hears(...words: string[]): Promise<void>;
  /**
   * The same, and then holds that client's connection permanently; other connections continue. `request`: the server
   * never receives it. `answer`: the server executes it, and the client never receives the answer. Resolves then.
   */
  hold(what: 'request' | 'answer', ...words: string[]): Promise<void>;
  /** Cuts all connections and refuses new ones. */
  cut(): void;
  /** Accepts new connections again. */
  mend(): void;
}

interface Ear {
  words: string[];
  hold: 'request' | 'answer' | undefined;
  done: () => void;
}

/** A proxy in front of the server at an address: `mongodb://127.0.0.1:2701/…` or `127.0.0.1:7233`. */
export async function openTcpProxy(address: string): Promise<TcpProxy> {
  const ears = new Set<Ear>();
  let isCut = false;

  const proxy = await openProxy(address, (client, upstream) => {
    if (isCut) client.destroy();
    else pass(client, upstream, ears);
  });
  const listen = (hold: Ear['hold'], words: string[]): Promise<void> =>
    new Promise((done) => ears.add({ words, hold, done }));
  return {
    ...proxy,
    hears: (...words) => listen(undefined, words),
    hold: (what, ...words) => listen(what, words),
    cut: () => {
      isCut = true;
      proxy.cut();
    },
    mend: () => void (isCut = false),
  };
}

/** Forwards both directions until the client sends a request to hold. */
function pass(client: Socket, upstream: Socket, ears: Set<Ear>): void {
  let said = '';
  let held: Ear | undefined;
  client.on('data', (chunk) => {
    said += chunk.toString('latin1');
    for (const ear of ears) {
      if (!ear.words.every((word) => said.includes(word))) continue;
      ears.delete(ear);
      if (ear.hold !== undefined) held ??= ear;
      if (ear.hold !== 'answer') ear.done();
    }
    if (held?.hold !== 'request') upstream.write(chunk);
  });
  upstream.on('data', (chunk) => {
    said = '';
    if (held === undefined) client.write(chunk);
    else held.done();
  });
}
