/** Whether the ports for clients have an address, and what to do where they do not get one. */
import type { ChatmailServer } from '../api/chatmail-server.ts'
import type { Verdict } from './verdict.ts'

const exposed = (message: string): Verdict<'Exposed'> => ({ status: 'True', reason: 'Exposed', message })

/**
 * `address` is what clients of mail connect to; `turnAddress` that of the relay's load balancer, undefined without one;
 * `refusedPort` says which port of the nodes the cluster does not give out.
 */
export const exposedVerdict = (
  { spec, metadata }: ChatmailServer,
  address: string | null,
  turnAddress: string | null | undefined,
  refusedPort: string | null = null,
): Verdict<'Exposed'> => {
  const { type } = spec.exposure
  if (refusedPort) return { status: 'False', reason: 'NodePortRefused', message: refusedPort }
  if (address && turnAddress !== null) {
    const where = type === 'ClusterIP' ? `inside the cluster as ${address}` : `at ${address}`
    return exposed(`Clients connect ${where}.`)
  }
  const service = address ? `${metadata.name}-turn` : `${metadata.name}-mail`
  if (type === 'LoadBalancer' || address)
    return {
      status: 'False',
      reason: 'WaitingForAddress',
      message: `The load balancer has given the Service ${service} no address yet. Where the cluster has none, set spec.exposure.type to NodePort or HostNetwork. kubectl -n ${metadata.namespace} describe service ${service} tells more.`,
    }
  return {
    status: 'False',
    reason: 'WaitingForAddress',
    message: 'No node with a mail pod has an address yet.',
  }
}
