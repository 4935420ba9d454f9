/** The chart as Helm renders it. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Manifest, manifests } from '../../hack/generate/install.ts'
import { findKubeTool, missingKubeTool } from '../support/kube-tools.ts'

export const root = new URL('../../', import.meta.url)
export const chartFolder = fileURLToPath(new URL('charts/chatmail-operator', root))
export const namespace = 'chatmail-system'

export const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

/** For the options of a test that renders. */
export const needsHelm = { skip: missingKubeTool('helm') }

type Run = { status: number | null; stdout: string; stderr: string }

export const helm = (words: readonly string[], input = ''): Run =>
  spawnSync(findKubeTool('helm')!, words, { encoding: 'utf8', input, env: { ...process.env, NO_COLOR: '1' } })

export const template = (values: object = {}): Run =>
  helm(
    ['template', 'chatmail-operator', chartFolder, '--namespace', namespace, '--values', '-'],
    JSON.stringify(values),
  )

/** All objects with `values`, the pod of `helm test` among them. @throws with Helm's message when it refuses */
export const rendered = (values: object = {}): Manifest[] => {
  const { status, stdout, stderr } = template(values)
  if (status !== 0) throw new Error(stderr)
  return manifests(stdout)
}

export const ofKind = (objects: readonly Manifest[], kind: string): Manifest[] =>
  objects.filter((object) => object.kind === kind)

export const only = (objects: readonly Manifest[], kind: string): Manifest => {
  const found = ofKind(objects, kind)
  if (found.length !== 1) throw new Error(`${found.length} objects of kind ${kind}, one is wanted`)
  return found[0]!
}
