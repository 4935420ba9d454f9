// The relay for real-time apps: made beside mail, told to clients while a proof succeeds, taken back when it fails.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { KubeObject } from '../../../operator/kube/objects.ts'
import type { Proof } from '../../../operator/reconcile/proofs.ts'
import { relays } from '../../../workloads/contract/relays.ts'
import { apiServerMissing } from '../../support/api-server.ts'
import { eventually } from '../../support/eventually.ts'
import { brisk, OperatorBed } from '../../support/operator/bed.ts'
import { crashLoop } from '../../support/operator/pod-statuses.ts'

const skip = apiServerMissing()
let bed: OperatorBed
/** What is found of the relay at a URL. */
let found: (url: string) => Proof = () => ({ ok: true, rttMs: 1 })
const tried: { url: string; via: unknown }[] = []
before(async () => {
  if (skip) return
  bed = await OperatorBed.start()
  await bed.operate({
    pace: brisk,
    proveIroh: async ({ url, via }) => {
      tried.push({ url, via })
      return found(url)
    },
  })
  await bed.apply('chat', { domain: 'chat.example.org' })
  await bed.until('chat', 'Exposed', 'False', 'WaitingForAddress')
  await bed.balance('chat-mail', '203.0.113.50')
})
after(() => bed?.stop())

const told = async (): Promise<string | null> => {
  const map = await bed.object<KubeObject & { data: Record<string, string> }>('ConfigMap', 'chat-relays')
  return relays.parse(JSON.parse(map!.data['relays.json']!)).iroh
}
const untilTold = (url: string | null): Promise<void> => eventually(async () => assert.equal(await told(), url))

test('a managed relay is told once it is proven, through mail and by its Service where the name is unknown', {
  skip,
}, async () => {
  const { status } = await bed.until('chat', 'IrohAvailable', 'True', 'Available')
  assert.equal(status!.endpoints!.iroh, 'http://chat.example.org/')
  await untilTold('http://chat.example.org/')
  assert.deepEqual(tried[0], {
    url: 'http://chat.example.org/',
    via: { host: 'chat-mail.default.svc', port: 80 },
  })
  await bed.until('chat', 'Ready', 'True')
})

test('one that fails again and again is taken back, with the step and what to do; it comes back by itself', {
  skip,
}, async () => {
  found = () => ({ ok: false, step: 'ping', code: 'STATUS', message: 'GET /ping is not answered' })
  const { status } = await bed.until('chat', 'IrohAvailable', 'False', 'ProofFailed')
  const { message } = status!.conditions!.find(({ type }) => type === 'IrohAvailable')!
  assert.match(message, /ping: GET \/ping is not answered/)
  await untilTold(null)
  await bed.until('chat', 'Ready', 'False', 'NotReady')
  found = () => ({ ok: true, rttMs: 1 })
  await bed.until('chat', 'IrohAvailable', 'True', 'Available')
  await untilTold('http://chat.example.org/')
})

test('a pod that crashes is told as such, and its relay is not told to clients', { skip }, async () => {
  bed.kubelet.ail('iroh', crashLoop('iroh', 1))
  await bed.until('chat', 'IrohAvailable', 'False', 'Crashing')
  await untilTold(null)
  bed.kubelet.ail('iroh', null)
  await bed.until('chat', 'IrohAvailable', 'True', 'Available')
})

test('a relay of others is told while it works, and ours is gone; disabled, nobody is', { skip }, async () => {
  found = (url) =>
    url.startsWith('https://relay.')
      ? { ok: false, step: 'legacy', code: 'UPGRADE', message: 'no relay' }
      : { ok: true, rttMs: 1 }
  await bed.apply('chat', {
    domain: 'chat.example.org',
    iroh: { mode: 'External', url: 'https://relay.example.org' },
  })
  await bed.until('chat', 'IrohAvailable', 'False', 'ProofFailed')
  await untilTold(null)
  await eventually(async () => assert.equal(await bed.object('Deployment', 'chat-iroh'), null))
  found = () => ({ ok: true, rttMs: 1 })
  await bed.until('chat', 'IrohAvailable', 'True', 'Available')
  await untilTold('https://relay.example.org/')
  await bed.apply('chat', { domain: 'chat.example.org', iroh: { mode: 'Disabled' } })
  await bed.until('chat', 'IrohAvailable', 'False', 'Disabled')
  await untilTold(null)
  await bed.until('chat', 'Ready', 'True')
})
