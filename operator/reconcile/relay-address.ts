/**
 * By which address and port a relay is reached. A change of them is made when the relay's turn has come; until then clients
 * are told of those that the running pod has, or all relays would be lost at once.
 */
import type { KubeObject } from '../kube/objects.ts'
import type { TurnNode } from '../render/facts.ts'
import { servesAnnotation } from '../render/turn/workload.ts'
import type { Gathered } from './gather.ts'
import { firstOfEach, type PublicAddress } from './placement/public-address.ts'

export type Serving = { address: PublicAddress; port: number }

/** What the relay that runs is reached by, as its Deployment says; a Service is there with its new port at once. */
export const serving = ({ server }: Gathered, node: TurnNode, deployment: KubeObject | undefined): Serving => {
  const { exposure, port } = server.spec.turn
  const running = exposure === 'HostNetwork' ? servedBy(deployment) : null
  return running ?? { address: { ipv4: node.publicIpv4, ipv6: node.publicIpv6 }, port }
}

/** What is written on the Deployment of a relay; null where there is none, or nothing that can be read. */
export const servedBy = (deployment: KubeObject | undefined): Serving | null => {
  const [, port, addresses] = /^(\d{1,5}) (\S+)$/.exec(deployment?.metadata.annotations?.[servesAnnotation] ?? '') ?? []
  if (!port || !addresses) return null
  return { address: firstOfEach(addresses.split(',')), port: Number(port) }
}
