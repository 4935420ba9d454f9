/** What every pod of this project has in common: mounts in one folder, data in another, probes, and no privilege. */
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import { digestOf } from '../../workloads/contract/state.ts'
import type { ChatmailServer, ChatmailServerSpec } from '../api/chatmail-server.ts'
import type { Facts } from './facts.ts'
import {
  annotationPrefix,
  type Component,
  type Container,
  type ContainerPort,
  type PodTemplate,
  type Probe,
  type ProjectedSource,
  type Volume,
} from './objects.ts'

const mountsPath = '/etc/chatmail'
const dataPath = '/var/lib/chatmail'

/** A user that owns nothing else. */
const user = 65532
/** Read by the owner and the group of the volume alone. */
const fileMode = 0o440

export type PodParts = {
  component: Component
  /** The command of `chatmail` that runs, where it is not named as the component. */
  command?: string
  /** Where it is another one than that of the server's other pods. */
  image?: string
  labels: Record<string, string>
  /** The text of config.yaml: a change of it replaces the pod; files that are reloaded in place are left out. */
  config: string
  sources: ProjectedSource[]
  data: Volume
  ports: ContainerPort[]
  managementPort: number
  gracePeriod: number
  resources: ChatmailServerSpec['mail']['resources']
  /** Further fields of the pod. */
  extra?: Record<string, unknown>
}

const probe = (path: string, periodSeconds: number, failureThreshold: number): Probe => ({
  httpGet: { path, port: 'management' },
  periodSeconds,
  timeoutSeconds: 3,
  failureThreshold,
})

/** The image of a server's pods. */
export const serverImage = ({ image }: ChatmailServerSpec, facts: Facts): string => image ?? facts.image

const container = ({ spec }: ChatmailServer, facts: Facts, parts: PodParts): Container => ({
  name: parts.component,
  image: parts.image ?? serverImage(spec, facts),
  imagePullPolicy: spec.imagePullPolicy,
  command: ['chatmail', parts.command ?? parts.component, '--mounts', mountsPath, '--data', dataPath],
  ports: [...parts.ports, { name: 'management', containerPort: parts.managementPort, protocol: 'TCP' }],
  volumeMounts: [
    { name: 'mounts', mountPath: mountsPath, readOnly: true },
    { name: 'data', mountPath: dataPath },
  ],
  startupProbe: probe('/healthz', 1, 120),
  readinessProbe: probe('/readyz', 5, 2),
  livenessProbe: probe('/healthz', 10, 6),
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  },
  resources: resourcesOf(parts.resources),
})

const resourcesOf = ({ requests, limits }: PodParts['resources']): Container['resources'] => ({
  requests,
  limits: { memory: limits.memory, ...(limits.cpu ? { cpu: limits.cpu } : {}) },
})

const pullSecrets = ({ spec }: ChatmailServer): Record<string, unknown> =>
  spec.imagePullSecrets.length ? { imagePullSecrets: spec.imagePullSecrets.map((name) => ({ name })) } : {}

/** A source of the mounts volume: `files` of a ConfigMap or Secret under their own names. */
export const mounted = (
  from: 'configMap' | 'secret',
  name: string,
  files: readonly string[],
  optional = false,
): ProjectedSource => {
  const source = { name, items: files.map((file) => ({ key: file, path: file })), ...(optional ? { optional } : {}) }
  return from === 'configMap' ? { configMap: source } : { secret: source }
}

export const podTemplate = (server: ChatmailServer, facts: Facts, parts: PodParts): PodTemplate => ({
  metadata: {
    labels: parts.labels,
    annotations: { [`${annotationPrefix}config-hash`]: digestOf(parts.config) },
  },
  spec: {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: parts.gracePeriod,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: user,
      runAsGroup: user,
      fsGroup: user,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...pullSecrets(server),
    ...parts.extra,
    containers: [container(server, facts, parts)],
    volumes: [{ name: 'mounts', projected: { defaultMode: fileMode, sources: parts.sources } }, parts.data],
  },
})

/** The mounted files that both workloads get, from the objects of these names. */
export const sharedSources = (configName: string, keyringName: string, tokenName: string): ProjectedSource[] => [
  mounted('configMap', configName, [mountedFiles.config]),
  mounted('secret', keyringName, [mountedFiles.keyring]),
  mounted('secret', tokenName, [mountedFiles.managementToken]),
]
