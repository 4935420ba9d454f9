import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverOf } from '../../../test/support/operator/a-server.ts'
import type { Facts } from '../facts.ts'
import { mailVolume } from './storage.ts'

const claim = (size: string, volume: Facts['volume'], storageClassName: string | null = null): object => {
  const server = serverOf({ mail: { storage: { size, storageClassName } } })
  return mailVolume(server, { volume } as Facts)[0]!.spec
}
const spec = (storage: string, more: object = {}): object => ({
  accessModes: ['ReadWriteOnce'],
  resources: { requests: { storage } },
  ...more,
})

test('a volume grows and never shrinks, however its size is written', () => {
  assert.deepEqual(claim('10Gi', null), spec('10Gi'))
  assert.deepEqual(claim('20Gi', { size: '10Gi', storageClassName: null }), spec('20Gi'))
  for (const larger of ['20Gi', '20G', '1.5Ti', '1Pi', '30000M'])
    assert.deepEqual(claim('10Gi', { size: larger, storageClassName: null }), spec(larger))
})

test('the class of a volume that is there stays', () => {
  assert.deepEqual(claim('10Gi', null, 'fast'), spec('10Gi', { storageClassName: 'fast' }))
  const volume = { size: '10Gi', storageClassName: 'standard' }
  assert.deepEqual(claim('10Gi', volume, 'fast'), spec('10Gi', { storageClassName: 'standard' }))
})
