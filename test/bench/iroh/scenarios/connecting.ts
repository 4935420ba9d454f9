/** Connecting until the relay knows the client: TCP, TLS where there is, the upgrade, the proof of the key, a ping. */
import { Endpoint } from '../../../../workloads/iroh/client/endpoint.ts'
import { type Identity, newIdentity } from '../../../../workloads/iroh/client/identity.ts'
import { cpuMs } from '../../usage.ts'
import type { Target } from '../target.ts'
import { endpointOptions } from './options.ts'

/** `count` connections, `atOnce` at a time. */
export const connecting = async (
  target: Target,
  url: URL,
  { count, atOnce }: { count: number; atOnce: number },
): Promise<{ perSecond: number; cpuMs: number }> => {
  const options = endpointOptions(url)
  const identities = Array.from({ length: count }, newIdentity)
  const one = async (identity: Identity): Promise<void> => {
    const endpoint = await Endpoint.open({ ...options, identity })
    endpoint.close()
    await endpoint.closed
  }
  const worker = async (): Promise<void> => {
    for (let identity = identities.pop(); identity; identity = identities.pop()) await one(identity)
  }
  const [cpu, started] = [cpuMs(target.pids()), performance.now()]
  await Promise.all(Array.from({ length: atOnce }, worker))
  const seconds = (performance.now() - started) / 1000
  return { perSecond: count / seconds, cpuMs: (cpuMs(target.pids()) - cpu) / count }
}
