/** What in a pod the Pod Security level `restricted` would refuse: https://kubernetes.io/docs/concepts/security/pod-security-standards/ */

type SecurityContext = {
  privileged?: boolean
  allowPrivilegeEscalation?: boolean
  runAsNonRoot?: boolean
  runAsUser?: number
  seccompProfile?: { type: string }
  capabilities?: { drop?: string[]; add?: string[] }
  procMount?: string
  sysctls?: unknown[]
}

type Container = { name: string; securityContext?: SecurityContext; ports?: { hostPort?: number }[] }

export type PodSpec = {
  containers: Container[]
  initContainers?: Container[]
  volumes?: Record<string, unknown>[]
  securityContext?: SecurityContext
  hostNetwork?: boolean
  hostPID?: boolean
  hostIPC?: boolean
}

const volumeKinds = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
])

const named = (checks: Record<string, boolean>): string[] =>
  Object.entries(checks).flatMap(([name, violated]) => (violated ? [name] : []))

const ofContainer = (pod: PodSpec, { name, securityContext = {}, ports = [] }: Container): string[] => {
  const { capabilities = {} } = securityContext
  const inherited = { ...pod.securityContext, ...securityContext }
  return named({
    privileged: securityContext.privileged === true,
    hostPort: ports.some(({ hostPort }) => hostPort !== undefined),
    allowPrivilegeEscalation: securityContext.allowPrivilegeEscalation !== false,
    runAsNonRoot: inherited.runAsNonRoot !== true,
    runAsUser: inherited.runAsUser === 0,
    seccompProfile: !['RuntimeDefault', 'Localhost'].includes(inherited.seccompProfile?.type ?? ''),
    'capabilities.drop': !capabilities.drop?.includes('ALL'),
    'capabilities.add': (capabilities.add ?? []).some((capability) => capability !== 'NET_BIND_SERVICE'),
    procMount: (securityContext.procMount ?? 'Default') !== 'Default',
  }).map((violation) => `${name}: ${violation}`)
}

const ofVolumes = (volumes: PodSpec['volumes'] = []): string[] =>
  volumes.flatMap(({ name, ...source }) =>
    Object.keys(source)
      .filter((kind) => !volumeKinds.has(kind))
      .map((kind) => `volume ${name}: ${kind}`),
  )

/** Empty for a pod that the level allows. */
export const restrictedViolations = (pod: PodSpec): string[] => [
  ...named({
    hostNetwork: pod.hostNetwork === true,
    hostPID: pod.hostPID === true,
    hostIPC: pod.hostIPC === true,
    sysctls: (pod.securityContext?.sysctls ?? []).length > 0,
  }),
  ...[...(pod.initContainers ?? []), ...pod.containers].flatMap((container) => ofContainer(pod, container)),
  ...ofVolumes(pod.volumes),
]
