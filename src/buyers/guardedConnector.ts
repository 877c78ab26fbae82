import { lookup as systemLookup, Resolver } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { OutboundRules } from './outboundRules.js';

/** Resolves a host to at least one address. */
export type Resolve = (host: string) => Promise<string[]>;

/**
 * The rules forbid the server, and no connection was made. The message has the reason and the setting that would allow
 * it.
 */
export class AddressRefused extends Error {
  override name = 'AddressRefused';
}

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Opens connections only to servers that the rules allow. The name is resolved here, its addresses are checked, and the
 * socket gets only the allowed ones. The name is not resolved a second time, so DNS rebinding has no effect.
 */
export function guardedConnector(
  rules: OutboundRules,
  resolve: Resolve = resolver(rules),
): buildConnector.connector {
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: checkedLookup(rules, resolve) });
  return (options, done) => {
    const { protocol, hostname, port } = options;
    // A socket resolves no literal address, so it is checked here.
    const refusal = rules.hostRefusal(protocol, hostname, port);
    if (refusal === undefined) connect(options, done);
    else queueMicrotask(() => done(new AddressRefused(refusal), null));
  };
}

/**
 * Resolves a host to its allowed addresses; a literal address stays as it is.
 * @throws AddressRefused if the rules forbid all of them
 */
export function resolveAllowed(
  rules: OutboundRules,
  resolve: Resolve = resolver(rules),
): (host: string) => Promise<{ address: string; family: number }[]> {
  return async (host) => {
    const addresses = isIP(host) === 0 ? await resolve(host) : [host];
    const allowed = addresses.filter((address) => rules.addressRefusal(address, host) === undefined);
    if (allowed.length > 0) return allowed.map((address) => ({ address, family: isIP(address) }));
    throw new AddressRefused(addresses.map((address) => rules.addressRefusal(address, host)).find(Boolean));
  };
}

function checkedLookup(rules: OutboundRules, resolve: Resolve): LookupFunction {
  const allowedAddresses = resolveAllowed(rules, resolve);
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
 * Names in the settings are resolved by the operating system (hosts file, search domains), all others by DNS alone: the
 * system's resolver runs in a pool of four threads, where a few buyers with dead name servers would block all others.
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
