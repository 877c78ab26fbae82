import ipaddr from 'ipaddr.js';

/** An address with its port, as some proxies write it. */
const WITH_PORT = /^(?:\[(.+)\]|(\d+(?:\.\d+){3}))(?::\d+)?$/;

/**
 * By what requests from an address are counted together: an IPv4 address by itself, an IPv6 one by its /64, as whoever
 * has one address of those has them all. What is no address counts as it is written.
 */
export function addressGroup(ip: string): string {
  const [, inBrackets, beforePort] = WITH_PORT.exec(ip) ?? [];
  const bare = inBrackets ?? beforePort ?? ip;
  if (!ipaddr.isValid(bare)) return bare;
  const address = ipaddr.process(bare);
  if (address instanceof ipaddr.IPv4) return address.toString();
  const network = address.parts.slice(0, 4).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
}
