import { BlockList, isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { SettingsError, type Settings } from '../config.js';
import { readOutboundPorts } from './outboundPorts.js';

/** The servers that may be contacted. A refusal is a text for ops that names the setting which would allow it. */
export interface OutboundRules {
  /**
   * The refusal of a host before its name is resolved, if there is one.
   * @param host a name or an address, as in a URL
   * @param port as in a URL: empty for the protocol's default
   */
  hostRefusal(protocol: string, host: string, port?: string): string | undefined;
  /**
   * The refusal of a resolved address, if there is one.
   * @param address IPv4 or IPv6, as a resolver or the URL standard writes it
   * @param host the name that resolved to it
   */
  addressRefusal(address: string, host?: string): string | undefined;
  /** Whether OUTBOUND_ALLOW names the host itself. */
  isNamed(host: string): boolean;
}

/** The settings that the rules are read from. */
export const OUTBOUND_SETTINGS = [
  'OUTBOUND_ALLOW',
  'OUTBOUND_DENY',
  'OUTBOUND_PORTS',
  'OUTBOUND_HTTP',
  'PUBLIC_URL',
] as const;

export type OutboundSettings = Pick<Settings, 'OUTBOUND_ALLOW' | 'OUTBOUND_HTTP'> &
  Partial<Pick<Settings, (typeof OUTBOUND_SETTINGS)[number]>>;

/**
 * The rules for addresses of sellers and buyers. Unless the settings say otherwise, only public addresses, none of
 * Gavel's own, only ports of web servers, and only https.
 * @throws SettingsError if an entry of a setting can't be read
 */
export function readOutboundRules(settings: OutboundSettings): OutboundRules {
  const { OUTBOUND_ALLOW, OUTBOUND_DENY = '', OUTBOUND_PORTS, OUTBOUND_HTTP, PUBLIC_URL } = settings;
  const allowed = readServers('OUTBOUND_ALLOW', OUTBOUND_ALLOW);
  const denied = readServers('OUTBOUND_DENY', OUTBOUND_DENY);
  const own = readServers('PUBLIC_URL', PUBLIC_URL === undefined ? '' : hostOf(PUBLIC_URL));
  const mayUsePort = readOutboundPorts(OUTBOUND_PORTS);

  const addressRefusal = (address: string, host?: string): string | undefined => {
    if (denied.hasAddress(address)) return `address not allowed: ${address}; see OUTBOUND_DENY`;
    if (host !== undefined && allowed.hasName(host)) return undefined;
    if (allowed.hasAddress(address)) return undefined;
    if (own.hasAddress(address)) return OWN_ADDRESS;
    const kind = kindOf(address);
    return kind === 'public' ? undefined : `address not allowed: ${address} (${kind}); see OUTBOUND_ALLOW`;
  };
  return {
    hostRefusal: (protocol, host, port = '') => {
      if (protocol !== 'https:' && !(protocol === 'http:' && OUTBOUND_HTTP))
        return 'not https; see OUTBOUND_HTTP';
      if (port !== '' && !mayUsePort(Number(port))) return `port not allowed: ${port}; see OUTBOUND_PORTS`;
      if (denied.hasName(host)) return `host not allowed: ${host}; see OUTBOUND_DENY`;
      if (own.hasName(host) && !allowed.hasName(host)) return OWN_ADDRESS;
      const address = literalAddress(host);
      return address === undefined ? undefined : addressRefusal(address, host);
    },
    addressRefusal,
    isNamed: (host) => allowed.hasName(host),
  };
}

const OWN_ADDRESS = "the exchange's own address; see PUBLIC_URL";

/**
 * Why a buyer's or seller's URL is never contacted; undefined if that depends on resolving its name.
 * @param url a valid URL
 */
export function urlRefusal(rules: Pick<OutboundRules, 'hostRefusal'>, url: string): string | undefined {
  const { protocol, hostname, port } = new URL(url);
  return rules.hostRefusal(protocol, hostname, port);
}

/** The address of a host that needs no resolving: `[::1]`, `10.0.0.5`, and `localhost` by RFC 6761, section 6.3. */
function literalAddress(host: string): string | undefined {
  if (/(^|\.)localhost\.?$/i.test(host)) return '127.0.0.1';
  const address = bareHost(host);
  return isIP(address) === 0 ? undefined : address;
}

function hostOf(url: string): string {
  if (!URL.canParse(url)) throw new SettingsError(`PUBLIC_URL is "${url}", which is no address.`);
  return bareHost(new URL(url).hostname).replace(/\.$/, '');
}

const bareHost = (host: string): string => host.replace(/^\[|\]$/g, '');

/** The hosts and networks that a setting names. */
interface Servers {
  hasName(host: string): boolean;
  hasAddress(address: string): boolean;
}

function readServers(setting: string, list: string): Servers {
  const networks = new BlockList();
  const names = new Set<string>();
  for (const entry of list.split(',').map((text) => text.trim().toLowerCase())) {
    if (entry === '' || addNetwork(networks, entry)) continue;
    if (!isHostName(entry)) throw new SettingsError(misread(setting, entry));
    names.add(entry);
  }

  function addNetwork(to: BlockList, entry: string): boolean {
    const [address = '', prefix] = entry.split('/', 2);
    if (isIP(address) === 0) return false;
    const family = familyOf(address);
    const bits = family === 'ipv4' ? 32 : 128;
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Infinity;
    if (length > bits || entry.split('/').length > 2) throw new SettingsError(misread(setting, entry));
    to.addSubnet(address, length, family);
    return true;
  }
  return {
    // A trailing dot means the same name in DNS.
    hasName: (host) => names.has(host.toLowerCase().replace(/\.$/, '')),
    hasAddress: (address) => networks.check(address, familyOf(address)),
  };
}

const misread = (setting: string, entry: string): string =>
  `${setting} names "${entry}", which is neither a host (buyer.internal) nor a network (10.1.0.0/16, fd00::/8).`;

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6');

/** Not a name that the URL standard reads as an address (WHATWG URL, "ends in a number"). */
const isHostName = (text: string): boolean =>
  /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(text) && !/(^|\.)(\d+|0x[\da-f]*)$/.test(text);

/** The IPv6 addresses that are assigned for the internet (IANA, "Internet Protocol Version 6 Address Space"). */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/** A public address by its form, but the Azure host that a machine runs on answers it, with that machine's secrets. */
const AZURE_PLATFORM = '168.63.129.16';

/**
 * `public`, or the special use that IANA's registries assign to the address. IPv6 that stands for an IPv4 address
 * (mapped, translated, NAT64, 6to4, Teredo, ISATAP) is special too, because it may lead to a private one.
 */
function kindOf(text: string): string {
  const address = ipaddr.parse(text);
  const range = address.range();
  if (range !== 'unicast') return range;
  if (text === AZURE_PLATFORM) return 'metadata';
  if (address instanceof ipaddr.IPv4) return 'public';
  if (isIsatap(address)) return 'isatap';
  return address.match(GLOBAL_UNICAST) ? 'public' : 'reserved';
}

/** Any prefix, then `0:5efe` or `200:5efe` and an IPv4 address (RFC 5214, section 6.1). */
function isIsatap({ parts }: ipaddr.IPv6): boolean {
  const [, , , , high, low] = parts;
  return (high === 0 || high === 0x200) && low === 0x5efe;
}
