/**
 * `peers.json`: what a TURN workload has to know of the place that it runs in. Reloaded in place, and live permissions are
 * judged again, because nodes come and go while calls go on. A missing file is an empty one.
 */
import { z } from 'zod'

const address = z.union([z.ipv4(), z.ipv6()])
const prefix = z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()])

/** RFC 6052 §2.2: the lengths that a prefix may have. */
const nat64Prefix = z
  .cidrv6()
  .refine((text) => /\/(32|40|48|56|64|96)$/.test(text), 'an IPv6 prefix of 32, 40, 48, 56, 64 or 96 bits')

export const turnPeers = z.strictObject({
  /** The cluster's own ranges: nodes, pods, services, API servers. Denied on top of the built-in list. */
  deny: z.array(prefix).max(4096).default([]),
  /** Addresses of all relays of this server, as clients see them: allowed inside the relay port range alone. */
  relays: z.array(address).max(512).default([]),
  /** NAT64 prefixes of this network (RFC 6052): the IPv4 address inside is judged as well. */
  nat64: z.array(nat64Prefix).max(32).default([]),
  /** Relays of this server that take new clients: a draining one sends clients there (RFC 8489 §10). */
  alternates: z
    .array(z.strictObject({ address, port: z.int().min(1).max(65535) }))
    .max(512)
    .default([]),
})

export type TurnPeers = z.infer<typeof turnPeers>

export const noPeers: TurnPeers = turnPeers.parse({})
