/** Ports of nodes that the API server does not give out: another Service has one, or it lies outside of the cluster's range. */
import { ApiError, isInvalid } from '../kube/errors.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { Problem } from './outcome.ts'

type ServicePort = { name?: string; nodePort?: number }

const portsOf = ({ spec }: KubeObject): ServicePort[] => (spec as { ports?: ServicePort[] } | undefined)?.ports ?? []

type Refused = { port: ServicePort | undefined; why: string }

/** `spec.ports[0].nodePort`, with `Invalid value: 30993: ` before the words. */
const invalid = (service: KubeObject, error: unknown): Refused | null => {
  const causes = (isInvalid(error) && error.details?.causes) || []
  for (const { field = '', message = '' } of causes) {
    const [, index] = /^spec\.ports\[(\d+)\]\.nodePort$/.exec(field) ?? []
    if (index) return { port: portsOf(service)[Number(index)], why: message.replace(/^Invalid value: \w+: /, '') }
  }
  return null
}

/** Two ports of one Service that exists: the API server has no better answer to that than 500. */
const duplicate = (service: KubeObject, error: unknown): Refused | null => {
  const [, number] = /^duplicate nodePort: \{\w+ (\d+)\}$/.exec(error instanceof ApiError ? error.message : '') ?? []
  if (!number) return null
  return {
    port: portsOf(service).find(({ nodePort }) => nodePort === Number(number)),
    why: 'another port of this server has it',
  }
}

/** What to tell of a port that `service` was refused; null where the error is another one. */
export const nodePortProblem = (service: KubeObject, error: unknown): Problem | null => {
  if (service.kind !== 'Service') return null
  const refused = invalid(service, error) ?? duplicate(service, error)
  if (!refused?.port) return null
  const { name, nodePort } = refused.port
  return {
    reason: 'NodePortRefused',
    message: `spec.exposure.ports.${name}: the port ${nodePort} of the nodes cannot be had: ${refused.why}. Give another one, or none to be given one that is free.`,
  }
}
