import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '../kube/errors.ts'
import type { KubeObject } from '../kube/objects.ts'
import { nodePortProblem } from './node-ports.ts'

const service: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'chat-mail' },
  spec: { ports: [{ name: 'imaps', nodePort: 30993 }, { name: 'imap', nodePort: 30143 }, { name: 'http' }] },
}
const refusal = (field: string, message: string) =>
  new ApiError(422, { reason: 'Invalid', message, details: { causes: [{ field, message }] } })

test('a port that is refused is told by its field, with the words of the API server', () => {
  const taken = refusal('spec.ports[1].nodePort', 'Invalid value: 30143: provided port is already allocated')
  assert.deepEqual(nodePortProblem(service, taken), {
    reason: 'NodePortRefused',
    message:
      'spec.exposure.ports.imap: the port 30143 of the nodes cannot be had: provided port is already allocated. Give another one, or none to be given one that is free.',
  })
  const twice = new ApiError(500, { message: 'duplicate nodePort: {TCP 30993}' })
  assert.match(nodePortProblem(service, twice)!.message, /^spec\.exposure\.ports\.imaps: .*another port of this server/)
})

test('any other error is not of this kind', () => {
  assert.equal(nodePortProblem(service, refusal('spec.type', 'Unsupported value')), null)
  assert.equal(nodePortProblem(service, refusal('spec.ports[7].nodePort', 'Invalid value: 1: no')), null)
  assert.equal(nodePortProblem(service, new ApiError(500, { message: 'etcd is away' })), null)
  assert.equal(nodePortProblem(service, new Error('duplicate nodePort: {TCP 30993}')), null)
  const other = { ...service, kind: 'ConfigMap' }
  assert.equal(nodePortProblem(other, refusal('spec.ports[1].nodePort', 'Invalid value: 30143: no')), null)
})
