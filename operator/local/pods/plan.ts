/** From rendered objects to what to run here: the process of each pod, its files, its folders. Pure. */
import type {
  Container,
  KubernetesObject,
  PodSpec,
  Probe,
  ProjectedSource,
  Volume,
  Workload,
} from '../../render/objects.ts'
import type { Layout } from '../data/layout.ts'

export type PodPlan = {
  name: string
  /** Words after the program's own name, with paths of this machine. */
  args: string[]
  mountsDir: string
  /** File name → content of the mounts folder. */
  files: ReadonlyMap<string, string>
  /** Folders that must be there; `fresh` ones are emptied at each start. */
  folders: { path: string; fresh: boolean }[]
  readiness: HttpProbe
  liveness: HttpProbe
  gracePeriodMs: number
  /** Equal as long as the process may keep running; files are not part of it. */
  revision: string
}

export type HttpProbe = { port: number; path: string; periodMs: number; failureThreshold: number }

/** A file that a pod needs and nobody has. */
export class MissingFile extends Error {
  override name = 'MissingFile'
}

/** The text of a Secret's key that is not among the objects, or null. */
export type KeptSecret = (name: string, key: string) => string | null

type Plans = { objects: readonly KubernetesObject[]; layout: Layout; kept: KeptSecret }

const dataOf = ({ objects }: Plans, kind: 'ConfigMap' | 'Secret', name: string): Record<string, string> | null => {
  const object = objects.find((candidate) => candidate.kind === kind && candidate.metadata.name === name)
  if (object?.kind === 'ConfigMap') return object.data
  return object?.kind === 'Secret' ? object.stringData : null
}

const contentOf = (plans: Plans, source: ProjectedSource, key: string): string | null => {
  if ('configMap' in source) return dataOf(plans, 'ConfigMap', source.configMap.name)?.[key] ?? null
  const { name } = source.secret
  return dataOf(plans, 'Secret', name)?.[key] ?? plans.kept(name, key)
}

const filesOf = (plans: Plans, source: ProjectedSource): [string, string][] => {
  const { name, items, optional } = 'configMap' in source ? source.configMap : source.secret
  return items.flatMap(({ key, path }): [string, string][] => {
    const content = contentOf(plans, source, key)
    if (content !== null) return [[path, content]]
    if (optional) return []
    throw new MissingFile(`the Secret ${name} has no ${key}: put it into the file ${plans.layout.secret(name)}/${key}`)
  })
}

const folderOf = (layout: Layout, pod: string, volume: Volume): { path: string; fresh: boolean } => {
  if ('projected' in volume) return { path: layout.pod(pod).mounts, fresh: false }
  if ('persistentVolumeClaim' in volume)
    return { path: layout.volume(volume.persistentVolumeClaim.claimName), fresh: false }
  return { path: layout.pod(pod).volume(volume.name), fresh: true }
}

/** Container path → folder here. */
const pathsOf = (layout: Layout, pod: string, spec: PodSpec, container: Container): Map<string, string> =>
  new Map(
    container.volumeMounts.map(({ name, mountPath }) => {
      const volume = spec.volumes.find((candidate) => candidate.name === name)!
      return [mountPath, folderOf(layout, pod, volume).path]
    }),
  )

const httpProbe = (container: Container, { httpGet, periodSeconds, failureThreshold }: Probe): HttpProbe => ({
  path: httpGet.path,
  port: container.ports.find(({ name }) => name === httpGet.port)?.containerPort ?? Number(httpGet.port),
  periodMs: periodSeconds * 1000,
  failureThreshold,
})

const podOf = (plans: Plans, workload: Workload): PodPlan => {
  const { name } = workload.metadata
  const { metadata, spec } = workload.spec.template
  const [container] = spec.containers as [Container]
  const paths = pathsOf(plans.layout, name, spec, container)
  const args = container.command.slice(1).map((word) => paths.get(word) ?? word)
  const projected = spec.volumes.flatMap((volume) => ('projected' in volume ? volume.projected.sources : []))
  return {
    name,
    args,
    mountsDir: plans.layout.pod(name).mounts,
    files: new Map(projected.flatMap((source) => filesOf(plans, source))),
    folders: spec.volumes
      .filter((volume) => !('projected' in volume))
      .map((volume) => folderOf(plans.layout, name, volume)),
    readiness: httpProbe(container, container.readinessProbe),
    liveness: httpProbe(container, container.livenessProbe),
    gracePeriodMs: spec.terminationGracePeriodSeconds * 1000,
    revision: JSON.stringify([args, metadata.annotations, container.ports, spec.terminationGracePeriodSeconds]),
  }
}

const isWorkload = (object: KubernetesObject): object is Workload =>
  object.kind === 'Deployment' || object.kind === 'StatefulSet'

/** One pod a workload. @throws MissingFile */
export const planPods = (objects: readonly KubernetesObject[], layout: Layout, kept: KeptSecret): PodPlan[] =>
  objects.filter(isWorkload).map((workload) => podOf({ objects, layout, kept }, workload))
