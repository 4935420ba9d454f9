/**
 * Where nothing is relayed to unless the configuration allows it: everything that is not a public unicast host (IANA
 * special-purpose registries, RFC 6890) and the addresses at which clouds serve metadata. With the host's network this
 * list is the only barrier between a client and the node's own network.
 */

/** What metrics tell refused peers apart by. */
export type DenyGroup =
  | 'benchmark'
  | 'cluster'
  | 'configured'
  | 'documentation'
  | 'link-local'
  | 'loopback'
  | 'machine'
  | 'metadata'
  | 'multicast'
  | 'port'
  | 'private'
  | 'reserved'
  | 'tunnel'
  | 'unspecified'

export const deniedPrefixes: readonly (readonly [prefix: string, group: DenyGroup, what: string])[] = [
  ['0.0.0.0/8', 'unspecified', 'this network, unspecified'],
  ['10.0.0.0/8', 'private', 'private'],
  ['100.64.0.0/10', 'private', 'carrier-grade NAT, cloud metadata'],
  ['127.0.0.0/8', 'loopback', 'loopback'],
  ['168.63.129.16/32', 'metadata', 'cloud metadata on a public address'],
  ['169.254.0.0/16', 'link-local', 'link-local'],
  ['169.254.169.254/32', 'metadata', 'cloud metadata'],
  ['172.16.0.0/12', 'private', 'private'],
  ['192.0.0.0/24', 'reserved', 'IETF protocol assignments'],
  ['192.0.2.0/24', 'documentation', 'documentation'],
  ['192.88.99.0/24', 'tunnel', 'deprecated 6to4 relay anycast'],
  ['192.168.0.0/16', 'private', 'private'],
  ['198.18.0.0/15', 'benchmark', 'benchmarks'],
  ['198.51.100.0/24', 'documentation', 'documentation'],
  ['203.0.113.0/24', 'documentation', 'documentation'],
  ['224.0.0.0/4', 'multicast', 'multicast'],
  ['240.0.0.0/4', 'reserved', 'class E, broadcast'],
  ['::/128', 'unspecified', 'unspecified'],
  ['::1/128', 'loopback', 'loopback'],
  ['64:ff9b:1::/48', 'tunnel', 'local-use NAT64'],
  ['100::/64', 'reserved', 'discard'],
  ['100:0:0:1::/64', 'reserved', 'dummy'],
  ['2001::/32', 'tunnel', 'Teredo'],
  ['2001:2::/48', 'benchmark', 'benchmarks'],
  ['2001:10::/28', 'reserved', 'deprecated ORCHID'],
  ['2001:20::/28', 'reserved', 'ORCHIDv2'],
  ['2001:db8::/32', 'documentation', 'documentation'],
  ['2002::/16', 'tunnel', '6to4'],
  ['3ffe::/16', 'reserved', 'deprecated 6bone'],
  ['3fff::/20', 'documentation', 'documentation'],
  ['5f00::/16', 'reserved', 'segment routing'],
  ['fc00::/7', 'private', 'unique local'],
  ['fd00:ec2::254/128', 'metadata', 'cloud metadata'],
  ['fe80::/10', 'link-local', 'link-local'],
  ['fec0::/10', 'link-local', 'deprecated site-local'],
  ['ff00::/8', 'multicast', 'multicast'],
]
