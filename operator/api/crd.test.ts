import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type JsonSchema, openAPIV3Schema, printerColumns } from './crd.ts'

/** Every node of the schema with its path. */
const walk = (schema: JsonSchema, path: string): [string, JsonSchema][] => [
  [path, schema],
  ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) => walk(child, `${path}.${name}`)),
  ...(schema.items ? walk(schema.items, `${path}[]`) : []),
  ...(typeof schema.additionalProperties === 'object' ? walk(schema.additionalProperties, `${path}{}`) : []),
]

const nodes = () => walk(openAPIV3Schema(), '').filter(([path]) => /^\.(spec|status)/.test(path))
const isElement = (path: string): boolean => /(\[\]|\{\})$/.test(path)

test('every field has a description', () => {
  const without = nodes().filter(([path, { description }]) => !isElement(path) && !description)
  assert.deepEqual(
    without.map(([path]) => path),
    [],
  )
})

test('every string, list, map and number is bounded, so that the cost of rules is', () => {
  const bounds: Record<string, string[]> = {
    string: ['maxLength', 'enum', 'format'],
    array: ['maxItems'],
    integer: ['maximum'],
  }
  const unbounded = nodes().filter(([, node]) => {
    const wanted = node.additionalProperties ? ['maxProperties'] : (bounds[node.type ?? ''] ?? [])
    return wanted.length > 0 && !wanted.some((keyword) => keyword in node)
  })
  assert.deepEqual(
    unbounded.map(([path]) => path),
    [],
  )
})

test('the schema is structural', () => {
  for (const [path, node] of nodes()) {
    assert.ok(typeof node.type === 'string', `${path} has a type`)
    assert.notEqual(typeof node.additionalProperties, 'boolean', path)
    for (const keyword of ['$ref', '$schema', 'oneOf', 'anyOf', 'allOf', 'const', 'propertyNames', 'definitions'])
      assert.ok(!(keyword in node), `${path} has ${keyword}`)
    if ('default' in node) assert.notEqual(node.default, null, path)
  }
})

test('every field of the spec but the domain has a default or may be missing, with all that it holds', () => {
  const required = nodes().flatMap(([path, node]) =>
    ((node.required ?? []) as string[]).map((name) => `${path}.${name}`),
  )
  assert.deepEqual(
    required.filter((path) => path.startsWith('.spec') && !path.includes('[]')),
    ['.spec.domain', '.spec.tls.issuerRef.name'],
  )
})

test('the default of an object with rules is written out, because the rules are evaluated on it as it stands', () => {
  const withRules = nodes().filter(
    ([, node]) => 'default' in node && 'x-kubernetes-validations' in node && node.properties,
  )
  assert.ok(withRules.length > 5)
  for (const [path, { properties, default: given }] of withRules) {
    const expected = Object.entries(properties!).filter(([, field]) => field.default !== undefined)
    assert.deepEqual(Object.keys(given as object).sort(), expected.map(([name]) => name).sort(), path)
  }
})

test('the domain cannot change, a new object is not taken for ready, and one line tells all', () => {
  const { spec, status } = openAPIV3Schema().properties as { spec: JsonSchema; status: JsonSchema }
  assert.deepEqual(
    (spec['x-kubernetes-validations'] as { rule: string }[]).map(({ rule }) => rule),
    ['self.domain == oldSelf.domain'],
  )
  assert.deepEqual(status.default, { observedGeneration: -1 })
  assert.deepEqual(
    printerColumns.map(({ name }) => name.toUpperCase()),
    ['DOMAIN', 'READY', 'MAIL', 'TURN', 'CERT', 'STATUS', 'AGE'],
  )
})
