import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverOf } from '../../test/support/operator/a-server.ts'
import { type GatheredParts, gatheredOf, secretOf } from '../../test/support/operator/gathered.ts'
import type { KubeObject } from '../kube/objects.ts'
import { admit } from './admit.ts'

const verdict = (spec: object, parts: GatheredParts = {}) => {
  const admission = admit(gatheredOf({ server: serverOf(spec), ...parts }))
  return admission.refused
    ? { refused: true, ...admission.refused }
    : { refused: false, reason: admission.problem?.reason, message: admission.problem?.message ?? '' }
}
const namespace = (level?: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'mail', labels: level ? { 'pod-security.kubernetes.io/enforce': level } : {} },
})

test('a server that nothing is wrong with', () => {
  assert.deepEqual(verdict({}, { namespace: namespace() }), { refused: false, reason: undefined, message: '' })
})

test('what this version cannot do is refused by the name of the field, all at once', () => {
  const { refused, reason, message } = verdict({ mail: { proxyProtocol: true }, tls: { source: 'ACME' } })
  assert.deepEqual([refused, reason], [true, 'NotSupported'])
  assert.match(message, /spec\.mail\.proxyProtocol.*; .*spec\.tls\.source/)
})

const server = (name: string, creationTimestamp: string): KubeObject => ({
  apiVersion: 'chatmail.dev/v1alpha1',
  kind: 'ChatmailServer',
  metadata: { namespace: 'mail', name, uid: name, creationTimestamp },
})

test('of two servers with one domain the younger stalls, of one second the one whose name comes later, never both', () => {
  const times = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z']
  const stalls = (object: KubeObject, rival: KubeObject): boolean =>
    verdict({}, { object, rivals: [rival] }).reason === 'DomainTaken'
  for (const a of times)
    for (const b of times) {
      const [one, two] = [server('a', a), server('b', b)]
      assert.deepEqual([stalls(one, two), stalls(two, one)], a > b ? [true, false] : [false, true])
    }
  assert.match(
    verdict({}, { object: server('b', times[1]!), rivals: [server('a', times[0]!)] }).message,
    /mail\/a\. Delete/,
  )
})

test('a namespace that forbids the ports of nodes: only for who needs them, with the command', () => {
  for (const level of ['baseline', 'restricted']) {
    const { refused, reason, message } = verdict({ exposure: { type: 'HostNetwork' } }, { namespace: namespace(level) })
    assert.deepEqual([refused, reason], [false, 'NamespaceForbidsHostNetwork'])
    assert.match(message, /spec\.turn\.exposure and spec\.exposure\.type/)
    assert.match(message, /kubectl label namespace mail pod-security\.kubernetes\.io\/enforce=privileged --overwrite$/)
    for (const turn of [{ enabled: false }, { exposure: 'LoadBalancer' }])
      assert.equal(verdict({ turn }, { namespace: namespace(level) }).reason, undefined)
  }
  for (const open of [namespace('privileged'), namespace(), null])
    assert.equal(verdict({}, { namespace: open }).reason, undefined)
})

test('registration by token needs the Secret with the tokens', () => {
  const spec = { mail: { registration: { mode: 'Token', tokenSecretName: 'tokens' } } }
  for (const registrationTokens of [null, secretOf('tokens', { other: 'x' })]) {
    const { refused, reason, message } = verdict(spec, { registrationTokens })
    assert.deepEqual([refused, reason], [false, 'SecretMissing'])
    assert.match(message, /kubectl -n mail create secret generic tokens --from-file=registration-tokens=FILE/)
  }
  assert.equal(
    verdict(spec, { registrationTokens: secretOf('tokens', { 'registration-tokens': 'x' }) }).reason,
    undefined,
  )
})

test('an issuer needs cert-manager', () => {
  const spec = { tls: { issuerRef: { name: 'le' } } }
  assert.equal(verdict(spec).reason, 'CertManagerMissing')
  assert.equal(verdict(spec, { certManager: true }).reason, undefined)
})
