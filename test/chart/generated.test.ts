import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { manifests, operatorObjects, operatorObjectsOf } from '../../hack/generate/install.ts'
import { generated } from '../../hack/generate.ts'
import { customResourceDefinition } from '../../operator/api/crd.ts'
import { findKubeTool } from '../support/kube-tools.ts'
import { chartFolder, needsHelm, only, read, rendered } from './chart.ts'

const plain = (value: object): object => JSON.parse(JSON.stringify(value)) as object

test('what is committed is what is generated', () => {
  for (const [path, content] of generated()) assert.equal(read(path), content, `run npm run generate: ${path}`)
})

test('the CRD is one and the same in crds, in the chart and in the file for kubectl', needsHelm, () => {
  const crd = plain(customResourceDefinition()) as { spec: object }
  const install = only(manifests(read('deploy/install.yaml')), 'CustomResourceDefinition')
  const chart = only(rendered(), 'CustomResourceDefinition') as unknown as { spec: object; metadata: object }
  assert.deepEqual(parse(read('crds/chatmail.dev_chatmailservers.yaml')), crd)
  assert.deepEqual(install, crd)
  assert.deepEqual(chart.spec, crd.spec)
})

test('Helm keeps the CRD, and other annotations join that one', needsHelm, () => {
  const annotations = (crds: object) => only(rendered({ crds }), 'CustomResourceDefinition').metadata.annotations
  assert.deepEqual(annotations({}), { 'helm.sh/resource-policy': 'keep' })
  assert.deepEqual(annotations({ annotations: { wave: '-1' } }), { 'helm.sh/resource-policy': 'keep', wave: '-1' })
  assert.deepEqual(annotations({ keep: false, annotations: { wave: '-1' } }), { wave: '-1' })
  assert.equal(annotations({ keep: false }), undefined)
})

test('the file for kubectl is what the chart renders', needsHelm, () => {
  const objects = operatorObjects(findKubeTool('helm')!, chartFolder)
  assert.deepEqual(operatorObjectsOf(read('deploy/install.yaml')), objects, 'run npm run generate')
})

test('nothing in it is of Helm, and it begins with its namespace and the CRD', () => {
  const text = read('deploy/install.yaml')
  assert.doesNotMatch(text, /helm/i)
  assert.deepEqual(
    manifests(text)
      .slice(0, 2)
      .map(({ kind }) => kind),
    ['Namespace', 'CustomResourceDefinition'],
  )
})

test('chart, program and image are of one version', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string }
  const chart = parse(read('charts/chatmail-operator/Chart.yaml')) as { version: string; appVersion: string }
  assert.deepEqual([chart.version, chart.appVersion], [version, version])
})
