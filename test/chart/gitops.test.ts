import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { type Manifest, manifests } from '../../hack/generate/install.ts'
import { group, kind, parseServer } from '../../operator/api/chatmail-server.ts'
import { namespace, needsHelm, ofKind, only, read, rendered, root } from './chart.ts'

type Annotated = { metadata: { annotations?: Record<string, string> } }

const wave = (object: Manifest): string | undefined =>
  (object as Annotated).metadata.annotations?.['argocd.argoproj.io/sync-wave']

const isThere = (path: string): boolean => existsSync(new URL(path, root))
const servers = manifests(read('deploy/servers/chat.yaml'))

test('the servers are valid, and come after the operator', () => {
  const server = only(servers, kind)
  assert.ok(parseServer(server).ok)
  assert.deepEqual(servers.map(wave), ['1', '1'])
  assert.equal(server.metadata.namespace, only(servers, 'Namespace').metadata.name)
})

type Source = { path: string; helm?: { releaseName: string; valuesObject: object } }
type Application = {
  spec: { sources: Source[]; destination: { namespace: string }; syncPolicy: { syncOptions: string[] } }
}

const application = parse(read('deploy/argocd/application.yaml')) as Application

test('Argo CD finds what its application names, and applies server-side', () => {
  for (const { path } of application.spec.sources) assert.ok(isThere(path), path)
  assert.equal(application.spec.destination.namespace, namespace)
  assert.ok(application.spec.syncPolicy.syncOptions.includes('ServerSideApply=true'))
})

test('Argo CD: the CRD comes before the operator and outlives the application', needsHelm, () => {
  const objects = rendered(application.spec.sources[0]!.helm!.valuesObject)
  const crd = only(objects, 'CustomResourceDefinition') as Manifest & Annotated
  assert.equal(wave(crd), '-1')
  assert.match(crd.metadata.annotations!['argocd.argoproj.io/sync-options']!, /Prune=false,Delete=false/)
  assert.equal(wave(only(objects, 'Deployment')), undefined, 'no annotation is wave 0')
})

test('Argo CD is told the health under the name of the kind', () => {
  const config = parse(read('deploy/argocd/argocd-cm.yaml')) as { data: Record<string, string> }
  assert.deepEqual(config.data, {
    [`resource.customizations.health.${group}_${kind}`]: read('deploy/argocd/health.lua'),
  })
})

type Reference = { apiVersion: string; kind: string; name: string; namespace: string }
type Kustomization = Manifest & {
  spec: {
    path: string
    sourceRef: { kind: string; name: string }
    dependsOn?: { name: string }[]
    healthChecks: Reference[]
  }
}

const flux = manifests(read('deploy/flux/chatmail.yaml'))
const kustomizations = ofKind(flux, 'Kustomization') as Kustomization[]
const release = manifests(read('deploy/flux/operator/release.yaml'))

test('Flux: first the operator, then the servers, each judged by its own conditions', () => {
  const [operator, after] = kustomizations as [Kustomization, Kustomization]
  assert.deepEqual(after.spec.dependsOn, [{ name: operator.metadata.name }])
  const applied = [...release, ...servers]
  for (const { spec } of kustomizations) {
    assert.ok(isThere(spec.path), spec.path)
    assert.equal(spec.sourceRef.name, only(flux, 'GitRepository').metadata.name)
    for (const { apiVersion, kind, name, namespace } of spec.healthChecks)
      assert.ok(
        applied.some(
          (object) =>
            object.apiVersion === apiVersion &&
            object.kind === kind &&
            object.metadata.name === name &&
            object.metadata.namespace === namespace,
        ),
        `${kind} ${namespace}/${name} is applied`,
      )
  }
})

test('Flux: the release is of the chart that is there, with values that it takes', needsHelm, () => {
  const { spec } = only(release, 'HelmRelease') as unknown as {
    spec: { values: object; releaseName: string; chart: { spec: { chart: string; sourceRef: Reference } } }
  }
  assert.ok(isThere(`${spec.chart.spec.chart}/Chart.yaml`))
  const source = only(flux, 'GitRepository').metadata
  assert.deepEqual(
    [spec.chart.spec.sourceRef.name, spec.chart.spec.sourceRef.namespace],
    [source.name, source.namespace],
  )
  assert.equal(only(rendered(spec.values), 'Deployment').metadata.name, spec.releaseName)
})
