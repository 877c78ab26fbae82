import { lookup as systemLookup, Resolver } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { OutboundRules } from './outboundRules.js';

/** The addresses of a host, at least one. */
export type Resolve = (host: string) => Promise<string[]>;

/** The server may not be contacted, and was not; the message says why and which setting would allow it. */
export class AddressRefused extends Error {
  override name = 'AddressRefused';
}

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Opens connections only to servers that the rules allow. The name is resolved here, its addresses are checked, and the
 * socket is given those that passed: what a second look at the name would say (DNS rebinding) is never asked.
 */
export function guardedConnector(
  rules: OutboundRules,
  resolve: Resolve = resolver(rules),
): buildConnector.connector {
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: checkedLookup(rules, resolve) });
  return (options, done) => {
    const { protocol, hostname, port } = options;
    // A socket does not look up what is an address already.
    const refusal = rules.hostRefusal(protocol, hostname, port);
    if (refusal === undefined) connect(options, done);
    else queueMicrotask(() => done(new AddressRefused(refusal), null));
  };
}

function checkedLookup(rules: OutboundRules, resolve: Resolve): LookupFunction {
  async function allowedAddresses(host: string): Promise<{ address: string; family: number }[]> {
    const addresses = await resolve(host);
    const allowed = addresses.filter((address) => rules.addressRefusal(address, host) === undefined);
    if (allowed.length > 0) return allowed.map((address) => ({ address, family: isIP(address) }));
    throw new AddressRefused(addresses.map((address) => rules.addressRefusal(address, host)).find(Boolean));
  }
  return (host, { all }, done) => {
    allowedAddresses(host).then(
      (found) => {
        const [first] = found;
        if (all || first === undefined) done(null, found);
        else done(null, first.address, first.family);
      },
      (error: unknown) => {
        done(error instanceof Error ? error : new Error(String(error)), []);
      },
    );
  };
}

/**
 * Names that the settings vouch for are looked up as the system does it (hosts file, search domains). All others by DNS
 * alone: the system's way waits in a pool of four threads, where a few buyers with dead name servers hold up everybody.
 */
function resolver(rules: OutboundRules): Resolve {
  const dns = new Resolver({ timeout: 2000, tries: 2 });
  return async (host) => {
    if (rules.isNamed(host)) return (await systemLookup(host, { all: true })).map(({ address }) => address);
    const [v4, v6] = await Promise.allSettled([dns.resolve4(host), dns.resolve6(host)]);
    const found = [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (found.length === 0 && v4.status === 'rejected') throw v4.reason;
    return found;
  };
}
