/**
 * `config.yaml` of a TURN workload. Durations are seconds, bandwidth bytes per second; a change takes effect by rollout.
 */
import { z } from 'zod'

const port = z.int().min(1).max(65535)
/** An address or a prefix: `10.0.0.0/8`, `fd00::/8`, `203.0.113.7`. */
const prefix = z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()])

/** Stands for the first address of this machine that is not loopback: a pod learns its own only when it runs. */
export const thisMachine = 'machine'

export const turnConfig = z.strictObject({
  realm: z.string().min(1).max(128),
  listen: z.strictObject({
    /**
     * Local addresses to bind, one socket each; `0.0.0.0` and `::` are every address of their family. On a machine with
     * several addresses of a family list them one by one: from a wildcard the system picks the address that answers. Where
     * the public address is one of this machine's own, that one is bound in place of the wildcard.
     */
    addresses: z
      .array(z.union([z.ipv4(), z.ipv6()]))
      .min(1)
      .max(16),
    port,
    /** Whether TCP is served on the port too, and on the same port TLS where tls.crt and tls.key are mounted. */
    tcp: z.boolean().default(true),
    /** Further ports for TCP and TLS, such as 443: networks that let nothing else out. */
    tcpPorts: z.array(port).max(4).default([]),
  }),
  management: z.strictObject({ address: z.string().default('::'), port }),
  relay: z
    .strictObject({
      min: port,
      max: port,
      /**
       * Local address to bind relay sockets on, per family; null turns the family off (error 440). `machine` is this
       * machine's own, found at start; an IPv6 one may be missing.
       */
      ipv4: z.union([z.ipv4(), z.literal(thisMachine)]).nullable(),
      ipv6: z.union([z.ipv6(), z.literal(thisMachine)]).nullable(),
      /** What clients are told instead of the bound address, behind 1:1 NAT. */
      publicIpv4: z.ipv4().nullable(),
      publicIpv6: z.ipv6().nullable(),
    })
    .refine((relay) => relay.min <= relay.max, { path: ['max'], message: 'max is below min' })
    .refine((relay) => relay.ipv4 !== null || relay.ipv6 !== null, {
      path: ['ipv4'],
      message: 'an address of at least one family: with both null there is nothing to relay with',
    })
    .refine((relay) => relay.ipv4 !== '0.0.0.0' || relay.publicIpv4 !== null, {
      path: ['publicIpv4'],
      message: 'an address that clients can be told, because ipv4 is a wildcard',
    })
    .refine((relay) => relay.ipv6 !== '::' || relay.publicIpv6 !== null, {
      path: ['publicIpv6'],
      message: 'an address that clients can be told, because ipv6 is a wildcard',
    }),
  limits: z.strictObject({
    allocations: z.int().positive(),
    allocationsPerCredential: z.int().positive(),
    allocationsPerIP: z.int().positive(),
    permissionsPerAllocation: z.int().positive().default(64),
    channelsPerAllocation: z.int().positive().default(64),
    /** Bytes per second of each allocation in each direction; null is unlimited. */
    bandwidth: z.int().positive().nullable(),
    /** The same of all allocations together. */
    bandwidthTotal: z.int().positive().nullable().default(null),
  }),
  lifetime: z.strictObject({
    default: z.int().positive().default(600),
    max: z.int().positive().default(3600),
  }),
  peers: z.strictObject({
    /** On top of the built-in list. */
    deny: z.array(prefix).max(1000),
    /** Overrides both. */
    allow: z.array(prefix).max(1000),
  }),
  /**
   * For diagnosis: Binding requests stay unanswered, so that clients learn no address of their own to offer. Behind different
   * NATs a call of stock clients then goes through the relay; within one network they still find each other directly.
   */
  forceRelayOnly: z.boolean().default(false),
  /** Threads that serve UDP clients: one for each core that is to relay. */
  workers: z.int().min(1).max(64).default(1),
  drain: z.strictObject({ deadline: z.int().nonnegative() }),
  /** True: no address, user name, IP or credential is ever logged. */
  noLog: z.boolean().default(true),
})

export type TurnConfig = z.infer<typeof turnConfig>
