/** How every client of the load connects: with the protocol that both relays speak, and to any certificate. */
import type { EndpointOptions } from '../../../../workloads/iroh/client/endpoint.ts'

/** A load that takes longer has failed, milliseconds. */
const patienceMs = 120_000

export const endpointOptions = (url: URL) =>
  ({
    url,
    version: 'legacy',
    tls: { rejectUnauthorized: false },
    signal: AbortSignal.timeout(patienceMs),
  }) satisfies EndpointOptions
