import { BlockList, isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { SettingsError, type Settings } from '../config.js';

/** Which servers may be spoken to. A refusal is a text for ops that names the setting which would allow it. */
export interface OutboundRules {
  /** What can be said of an address before its name is looked up. @param host a name or an address, as in a URL */
  hostRefusal(protocol: string, host: string): string | undefined;
  /** @param address IPv4 or IPv6, as a resolver or the URL standard writes it */
  addressRefusal(address: string): string | undefined;
  /** Whether the settings name the host itself: then it may have any address. */
  isNamed(host: string): boolean;
}

/**
 * The rules for addresses that sellers and buyers give: only public ones, only by https, unless the settings say more.
 * @throws SettingsError where an entry of OUTBOUND_ALLOW is neither a host nor a network
 */
export function readOutboundRules({
  OUTBOUND_ALLOW,
  OUTBOUND_HTTP,
}: Pick<Settings, 'OUTBOUND_ALLOW' | 'OUTBOUND_HTTP'>): OutboundRules {
  const networks = new BlockList();
  const names = new Set<string>();
  for (const entry of OUTBOUND_ALLOW.split(',').map((text) => text.trim().toLowerCase())) {
    if (entry === '' || addNetwork(networks, entry)) continue;
    if (!isHostName(entry)) throw new SettingsError(misread(entry));
    names.add(entry);
  }
  const isNamed = (host: string): boolean => names.has(host.toLowerCase());
  const addressRefusal = (address: string): string | undefined => {
    const kind = kindOf(address);
    if (kind === 'public' || networks.check(address, familyOf(address))) return undefined;
    return `address not allowed: ${address} (${kind}); see OUTBOUND_ALLOW`;
  };
  return {
    hostRefusal: (protocol, host) => {
      if (protocol !== 'https:' && !(protocol === 'http:' && OUTBOUND_HTTP))
        return 'not https; see OUTBOUND_HTTP';
      const address = literalAddress(host);
      return address === undefined || isNamed(host) ? undefined : addressRefusal(address);
    },
    addressRefusal,
    isNamed,
  };
}

/**
 * Why a buyer's or seller's URL would never be spoken to; undefined where its name has yet to be looked up for that.
 * @param url a valid URL
 */
export function urlRefusal(rules: Pick<OutboundRules, 'hostRefusal'>, url: string): string | undefined {
  const { protocol, hostname } = new URL(url);
  return rules.hostRefusal(protocol, hostname);
}

/** The address that a host is without being looked up: `[::1]`, `10.0.0.5`, and `localhost` by RFC 6761, section 6.3. */
function literalAddress(host: string): string | undefined {
  if (/(^|\.)localhost\.?$/i.test(host)) return '127.0.0.1';
  const address = host.replace(/^\[|\]$/g, '');
  return isIP(address) === 0 ? undefined : address;
}

const misread = (entry: string): string =>
  `OUTBOUND_ALLOW names "${entry}", which is neither a host (buyer.internal) nor a network (10.1.0.0/16, fd00::/8).`;

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6');

function addNetwork(networks: BlockList, entry: string): boolean {
  const [address = '', prefix] = entry.split('/', 2);
  if (isIP(address) === 0) return false;
  const family = familyOf(address);
  const bits = family === 'ipv4' ? 32 : 128;
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Infinity;
  if (length > bits || entry.split('/').length > 2) throw new SettingsError(misread(entry));
  networks.addSubnet(address, length, family);
  return true;
}

/** Without what the URL standard would read as an address (WHATWG URL, "ends in a number"). */
const isHostName = (text: string): boolean =>
  /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(text) && !/(^|\.)(\d+|0x[\da-f]*)$/.test(text);

/** All of IPv6 that is handed out to anybody (IANA, "Internet Protocol Version 6 Address Space"). */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/** Has the form of a public address, but is answered by the Azure host that one runs on, with its secrets. */
const AZURE_PLATFORM = '168.63.129.16';

/**
 * `public`, or the special use that IANA's registries give the address; IPv6 that stands for an IPv4 address (mapped,
 * NAT64, 6to4, Teredo) is special too, as it may lead to a private one.
 */
function kindOf(text: string): string {
  const address = ipaddr.parse(text);
  const range = address.range();
  if (range !== 'unicast') return range;
  if (text === AZURE_PLATFORM) return 'metadata';
  return address instanceof ipaddr.IPv4 || address.match(GLOBAL_UNICAST) ? 'public' : 'reserved';
}
