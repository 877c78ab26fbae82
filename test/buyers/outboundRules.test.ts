import { describe, expect, it } from 'vitest';
import { readOutboundRules, urlRefusal } from '../../src/buyers/outboundRules.js';

const rules = (OUTBOUND_ALLOW = '', OUTBOUND_HTTP = false) =>
  readOutboundRules({ OUTBOUND_ALLOW, OUTBOUND_HTTP });

describe('only public addresses may be reached', () => {
  it.each([
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['10.0.0.1', 'private'],
    ['10.255.255.255', 'private'],
    ['100.64.0.1', 'carrierGradeNat'],
    ['100.100.100.200', 'carrierGradeNat'],
    ['100.127.255.255', 'carrierGradeNat'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['168.63.129.16', 'metadata'],
    ['169.254.169.254', 'linkLocal'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.0.0.192', 'reserved'],
    ['192.0.2.1', 'reserved'],
    ['192.88.99.1', 'reserved'],
    ['192.168.1.1', 'private'],
    ['198.18.0.1', 'reserved'],
    ['198.51.100.7', 'reserved'],
    ['203.0.113.7', 'reserved'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.250', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::7f00:1', 'reserved'],
    ['::ffff:127.0.0.1', 'ipv4Mapped'],
    ['::ffff:a00:1', 'ipv4Mapped'],
    ['::ffff:8.8.8.8', 'ipv4Mapped'],
    ['::ffff:0:7f00:1', 'rfc6145'],
    ['64:ff9b::7f00:1', 'rfc6052'],
    ['64:ff9b:1::a00:1', 'rfc6052'],
    ['100::1', 'discard'],
    ['2001::1', 'teredo'],
    ['2001:db8::1', 'reserved'],
    ['2002:7f00:1::', '6to4'],
    ['3fff::1', 'reserved'],
    ['4000::1', 'reserved'],
    ['5f00::1', 'segmentRouting'],
    ['fc00::1', 'uniqueLocal'],
    ['fd00:ec2::254', 'uniqueLocal'],
    ['fe80::1', 'linkLocal'],
    ['fe80::1%eth0', 'linkLocal'],
    ['fec0::1', 'deprecatedSiteLocal'],
    ['ff02::1', 'multicast'],
  ])('%s (%s) may not', (address, kind) => {
    expect(rules().addressRefusal(address)).toBe(
      `address not allowed: ${address} (${kind}); see OUTBOUND_ALLOW`,
    );
  });

  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '100.63.255.255',
    '172.15.0.1',
    '172.32.0.1',
    '192.167.0.1',
    '223.255.255.1',
  ])('%s may', (address) => {
    expect(rules().addressRefusal(address)).toBeUndefined();
  });

  it.each(['2606:4700:4700::1111', '2a00:1450:4001::200e'])('%s may', (address) => {
    expect(rules().addressRefusal(address)).toBeUndefined();
  });
});

describe('the settings name what else may be reached', () => {
  it('a network, an address, a host, and nothing beside them', () => {
    const named = rules(' 10.1.0.0/16, 192.168.7.9,fd00::/8 ,Buyer.Internal');
    const refused = (address: string): boolean => named.addressRefusal(address) !== undefined;
    expect(['10.1.0.1', '10.1.255.255', '192.168.7.9', 'fd12::1'].filter(refused)).toEqual([]);
    const others = ['10.0.255.255', '10.2.0.0', '192.168.7.8', 'fc00::1', '127.0.0.1', '169.254.169.254'];
    expect(others.filter(refused)).toEqual(others);
    const hosts = ['buyer.internal', 'BUYER.internal', 'internal', 'x.buyer.internal'];
    expect(hosts.filter((host) => named.isNamed(host))).toEqual(['buyer.internal', 'BUYER.internal']);
  });

  it('https is always allowed, http where they say so, nothing else ever', () => {
    const [strict, lax] = [rules(), rules('', true)];
    expect(strict.hostRefusal('https:', 'buyer.example')).toBeUndefined();
    expect(strict.hostRefusal('http:', 'buyer.example')).toBe('not https; see OUTBOUND_HTTP');
    expect(lax.hostRefusal('http:', 'buyer.example')).toBeUndefined();
    expect(lax.hostRefusal('ftp:', 'buyer.example')).toBe('not https; see OUTBOUND_HTTP');
  });

  it.each([
    ['https://10.0.0.5/', '10.0.0.5 (private)'],
    ['https://0x7f.1:8443/', '127.0.0.1 (loopback)'],
    ['https://2130706433/', '127.0.0.1 (loopback)'],
    ['https://localhost./', '127.0.0.1 (loopback)'],
    ['https://x.localhost/', '127.0.0.1 (loopback)'],
    ['https://[::1]/', '::1 (loopback)'],
    ['https://169.254.169.254/latest/meta-data', '169.254.169.254 (linkLocal)'],
    ['https://168.63.129.16/', '168.63.129.16 (metadata)'],
  ])('%s is refused before its name is looked up', (url, address) => {
    expect(urlRefusal(rules(), url)).toBe(`address not allowed: ${address}; see OUTBOUND_ALLOW`);
    expect(urlRefusal(rules('0.0.0.0/0,::/0'), url)).toBeUndefined();
  });

  it('a name is looked up first', () => {
    expect(urlRefusal(rules(), 'https://buyer.example:8443/leads')).toBeUndefined();
    expect(urlRefusal(rules(), 'https://localhost.example/')).toBeUndefined();
  });

  it.each(['10.0.0.0/33', '10/8', '10.0.0/8', '10.0.0.0/8/8', '10.0.0.0/', 'fd00::/129', '0x7f.1', '127.1'])(
    '%s is no entry',
    (entry) => {
      expect(() => rules(`127.0.0.1,${entry}`)).toThrow(`OUTBOUND_ALLOW names "${entry}", which is neither`);
    },
  );

  it.each(['https://buyer.example', '*', '*.example', 'a b', '[::1]', 'buyer.example:8080'])(
    '%s is no entry',
    (entry) => {
      expect(() => rules(entry)).toThrow(`OUTBOUND_ALLOW names "${entry}", which is neither`);
    },
  );
});
