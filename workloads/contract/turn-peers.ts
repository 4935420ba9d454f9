/**
 * `peers.json`: what a TURN workload has to know of the place that it runs in. Reloaded in place, and live permissions are
 * judged again, because nodes come and go while calls go on. A missing file is an empty one.
 */
import { z } from 'zod'

const address = z.union([z.ipv4(), z.ipv6()])
const prefix = z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()])

export const turnPeers = z.strictObject({
  /** The cluster's own ranges: nodes, pods, services, API servers. Denied on top of the built-in list. */
  deny: z.array(prefix).max(4096).default([]),
  /** Addresses of all relays of this server, as clients see them: allowed inside the relay port range alone. */
  relays: z.array(address).max(512).default([]),
})

export type TurnPeers = z.infer<typeof turnPeers>
