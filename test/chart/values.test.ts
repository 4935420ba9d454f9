import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { chartFolder, helm, needsHelm, read, template } from './chart.ts'

type Schema = {
  type?: string
  properties?: Record<string, Schema>
  additionalProperties?: unknown
  $ref?: string
  definitions?: Record<string, Schema>
}

const schema = JSON.parse(read('charts/chatmail-operator/values.schema.json')) as Schema
const values = parse(read('charts/chatmail-operator/values.yaml')) as Record<string, unknown>

const resolve = (node: Schema): Schema =>
  node.$ref ? schema.definitions![node.$ref.replace('#/definitions/', '')]! : node

const paths = (node: Schema, path: string): string[] =>
  Object.entries(resolve(node).properties ?? {}).flatMap(([key, child]) => [
    `${path}.${key}`,
    ...paths(child, `${path}.${key}`),
  ])

const valuePaths = (node: unknown, path: string): string[] =>
  typeof node !== 'object' || node === null || Array.isArray(node)
    ? []
    : Object.entries(node).flatMap(([key, child]) => [`${path}.${key}`, ...valuePaths(child, `${path}.${key}`)])

test('the schema and values.yaml name the same fields, so that each has a default that can be read', () => {
  const known = paths(schema, '').filter((path) => path !== '.global')
  const written = valuePaths(values, '').filter((path) => !/^\.resources\.(requests|limits)\./.test(path))
  assert.deepEqual(known.sort(), written.sort())
})

test('a field that is not there is refused by its name', needsHelm, () => {
  const unknown: [object, RegExp][] = [
    [{ replicaCount: 2 }, /replicaCount/],
    [{ image: { name: 'x' } }, /\/image.*\n?.*'name'/],
    [{ crds: { install: true } }, /\/crds.*\n?.*'install'/],
    [{ metrics: { podMonitor: { on: true } } }, /\/metrics\/podMonitor.*\n?.*'on'/],
    [{ resources: { request: {} } }, /\/resources.*\n?.*'request'/],
  ]
  for (const [given, message] of unknown) {
    const { status, stderr } = template(given)
    assert.notEqual(status, 0, JSON.stringify(given))
    assert.match(stderr, message)
  }
})

test('a value that cannot be is refused with its path', needsHelm, () => {
  const wrong: [object, RegExp][] = [
    [{ replicas: 'two' }, /\/replicas/],
    [{ replicas: 50 }, /\/replicas/],
    [{ logLevel: 'loud' }, /\/logLevel/],
    [{ image: { digest: 'latest' } }, /\/image\/digest/],
    [{ image: { repository: 'x@sha256:y' } }, /\/image\/repository/],
    [{ image: { pullPolicy: 'Sometimes' } }, /\/image\/pullPolicy/],
    [{ watchNamespaces: 'team-a' }, /\/watchNamespaces/],
    [{ watchNamespaces: ['Team A'] }, /\/watchNamespaces\/0/],
    [{ podAnnotations: { port: 9650 } }, /\/podAnnotations\/port/],
    [{ metrics: { podMonitor: { interval: 'often' } } }, /\/metrics\/podMonitor\/interval/],
  ]
  for (const [given, message] of wrong) {
    const { status, stderr } = template(given)
    assert.notEqual(status, 0, JSON.stringify(given))
    assert.match(stderr, message)
  }
})

test('the notes say the next three commands, for the namespace that is watched', needsHelm, () => {
  const notes = (words: string[]) =>
    helm(['install', 'chatmail-operator', chartFolder, '--dry-run=client', ...words]).stdout.split('NOTES:')[1] ?? ''
  const text = notes(['--set', 'watchNamespaces={team-a,team-b}'])
  const commands = text.split('\n').filter((line) => line.startsWith('  kubectl '))
  assert.equal(commands.length, 3)
  for (const command of commands) assert.match(command, /-n team-a /)
  assert.match(text, /team-a, team-b/)
  assert.match(notes([]), /all namespaces/)
})
