import type { Socket } from 'node:net';
import { openProxy, type Proxy } from '../../src/bench/proxy.js';

export { throughProxy } from '../../src/bench/proxy.js';

/** A way to a server on which a test stops the clock at one exact point, or which it cuts. */
export interface TcpProxy extends Proxy {
  /** Waits for a client to say all of these words in one request. */
  hears(...words: string[]): Promise<void>;
  /**
   * The same, and holds that client's connection there, for good; the others go on. `request`: the server never hears
   * it. `answer`: the server does it, and the client never hears so. Resolves when that has happened.
   */
  hold(what: 'request' | 'answer', ...words: string[]): Promise<void>;
  /** Cuts every connection and refuses new ones. */
  cut(): void;
  /** Lets new connections through again. */
  mend(): void;
}

interface Ear {
  words: string[];
  hold: 'request' | 'answer' | undefined;
  done: () => void;
}

/** A proxy in front of the server of an address: `mongodb://127.0.0.1:2701/…` or `127.0.0.1:7233`. */
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

/** Passes on what both say, until what the client says is what somebody wants to hold. */
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
