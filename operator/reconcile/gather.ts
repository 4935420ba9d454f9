/** Everything that a pass decides on, read once at its beginning. */
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import { certificateSource } from '../api/certificate-source.ts'
import type { ChatmailServer } from '../api/chatmail-server.ts'
import type { KubeClient } from '../kube/client.ts'
import type { KubeObject, Resource } from '../kube/objects.ts'
import { names } from '../render/names.ts'
import { managementPort } from '../render/ports.ts'
import type { Caches } from './caches.ts'
import type { ClusterRanges } from './cluster-ranges.ts'
import { certificateResource, idOf, monitoringResources, secretResource } from './resources.ts'
import { type ReadState, readStates, type States } from './states.ts'
import { componentLabel, type Node, type Pod, secretText } from './view.ts'

export type Gathered = {
  server: ChatmailServer
  /** The resource as it was read: uid, generation, annotations, status. */
  object: KubeObject
  /** `Kind/name` → what exists of this server. */
  live: ReadonlyMap<string, KubeObject>
  mailPods: Pod[]
  turnPods: Pod[]
  irohPods: Pod[]
  nodes: Node[]
  namespace: KubeObject | null
  /** Other servers of the same domain. */
  rivals: KubeObject[]
  /** The Secret with the certificate where somebody else keeps it, and the one with the tokens that a person keeps. */
  keptCertificate: KubeObject | null
  registrationTokens: KubeObject | null
  /** Whether the cluster serves Certificates. */
  certManager: boolean
  /** Kinds of monitoring.coreos.com/v1 that the cluster serves. */
  monitoringKinds: ReadonlySet<string>
  managementToken: string | null
  states: States
  ranges: ClusterRanges
  /** Unix milliseconds. */
  now: number
}

export type Sources = {
  client: KubeClient
  caches: Caches
  readState: ReadState
  ranges: () => Promise<ClusterRanges>
  certManager: () => Promise<boolean>
  namespace: (name: string) => Promise<KubeObject | null>
  monitoringKinds: () => Promise<ReadonlySet<string>>
  now: () => number
}

const secretNamed = ({ client }: Sources, namespace: string, name: string | undefined): Promise<KubeObject | null> =>
  name === undefined ? Promise.resolve(null) : client.get(secretResource, { namespace, name })

const keptSecretName = (server: ChatmailServer): string | undefined => {
  const source = certificateSource(server.spec)
  if (source.kind === 'Secret') return source.secretName
  return source.kind === 'CertManager' ? names.certificate(server) : undefined
}

const componentPods = (pods: readonly Pod[], component: string): Pod[] =>
  pods.filter(({ metadata }) => metadata.labels?.[componentLabel] === component)

const states = async (
  server: ChatmailServer,
  mailPods: Pod[],
  turnPods: Pod[],
  token: string | null,
  read: ReadState,
) =>
  new Map([
    ...(await readStates(mailPods, managementPort(server, 'cluster', 'mail'), token, read)),
    ...(await readStates(turnPods, managementPort(server, 'cluster', 'turn'), token, read)),
  ])

/** What others look after, which is not watched: got by its name, where the cluster serves such objects. */
const unwatched = async (
  client: KubeClient,
  server: ChatmailServer,
  certManager: boolean,
  monitoringKinds: ReadonlySet<string>,
): Promise<KubeObject[]> => {
  const { namespace } = server.metadata
  const asked: [Resource, string][] = [
    ...(certManager ? [[certificateResource, names.certificate(server)] as [Resource, string]] : []),
    ...monitoringResources
      .filter(({ kind }) => monitoringKinds.has(kind))
      .map((resource): [Resource, string] => [resource, names.podMonitor(server)]),
  ]
  const found = await Promise.all(asked.map(([resource, name]) => client.get(resource, { namespace, name })))
  return found.filter((object) => object !== null)
}

/** What exists of a server: the copies that are watched, and what others look after. */
const liveObjects = async (
  { client, caches }: Sources,
  server: ChatmailServer,
  certManager: boolean,
  monitoringKinds: ReadonlySet<string>,
): Promise<Map<string, KubeObject>> => {
  const { namespace, name } = server.metadata
  const children = caches.children(namespace, name)
  const others = await unwatched(client, server, certManager, monitoringKinds)
  const live = new Map([...children, ...others].map((object) => [idOf(object), object]))
  for (const secret of await irreplaceable(client, server, live)) live.set(idOf(secret), secret)
  return live
}

/**
 * Secrets that are made once and must never be made anew: where a copy lacks one, because its label was taken off, say, the
 * API server itself is asked.
 */
const irreplaceable = async (
  client: KubeClient,
  server: ChatmailServer,
  live: ReadonlyMap<string, KubeObject>,
): Promise<KubeObject[]> => {
  const { namespace } = server.metadata
  const wanted = [names.keyring(server), names.managementToken(server), names.certificate(server)]
  const missing = wanted.filter((name) => !live.has(`Secret/${name}`))
  const asked = await Promise.all(missing.map((name) => client.get(secretResource, { namespace, name })))
  return asked.filter((secret) => secret !== null)
}

export const gather = async (server: ChatmailServer, object: KubeObject, sources: Sources): Promise<Gathered> => {
  const { caches } = sources
  const { namespace, name } = server.metadata
  const { mail } = server.spec
  const certManager = await sources.certManager()
  const monitoringKinds = await sources.monitoringKinds()
  const live = await liveObjects(sources, server, certManager, monitoringKinds)
  const managementToken = secretText(live.get(`Secret/${names.managementToken(server)}`), mountedFiles.managementToken)
  const pods = caches.pods(namespace, name)
  const [mailPods, turnPods] = [componentPods(pods, 'mail'), componentPods(pods, 'turn')]
  return {
    server,
    object,
    live,
    mailPods,
    turnPods,
    irohPods: componentPods(pods, 'iroh'),
    nodes: caches.nodes(),
    namespace: await sources.namespace(namespace),
    rivals: caches.servers().filter((other) => isRival(object, other)),
    keptCertificate: await secretNamed(sources, namespace, keptSecretName(server)),
    registrationTokens: await secretNamed(sources, namespace, mail.registration.tokenSecretName),
    certManager,
    monitoringKinds,
    managementToken,
    states: await states(server, mailPods, turnPods, managementToken, sources.readState),
    ranges: await sources.ranges(),
    now: sources.now(),
  }
}

const domainOf = ({ spec }: KubeObject): unknown => (spec as { domain?: unknown } | undefined)?.domain

const isRival = (object: KubeObject, other: KubeObject): boolean =>
  other.metadata.uid !== object.metadata.uid && domainOf(other) === domainOf(object)
