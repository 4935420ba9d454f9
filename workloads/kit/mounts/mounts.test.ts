import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { z } from 'zod'
import { selfSignedCertificate } from '../../../test/support/certificate.ts'
import { digestOf } from '../../contract/state.ts'
import { createLogger } from '../log/logger.ts'
import { MountedFile } from './mounted-file.ts'
import { Mounts } from './mounts.ts'
import { MountError, parseCertificate, parseConfig, parseKeyring } from './parse.ts'

const secret = Buffer.alloc(32, 7).toString('base64')
const ring = (generation: number) =>
  JSON.stringify({ generation, keys: [{ id: `k${generation}`, secret, role: 'sign', since: 1 }] })

/** A folder as the kubelet makes it: files are links through `..data`, which is swapped. */
const kubeletFolder = (t: TestContext) => {
  const dir = mkdtempSync(join(tmpdir(), 'mounts-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  let version = 0
  return {
    dir,
    publish: (files: Record<string, string>) => {
      const name = `..v${++version}`
      mkdirSync(join(dir, name))
      for (const [file, content] of Object.entries(files)) writeFileSync(join(dir, name, file), content)
      symlinkSync(name, join(dir, '..next'))
      renameSync(join(dir, '..next'), join(dir, '..data'))
      if (version === 1) for (const file of Object.keys(files)) symlinkSync(join('..data', file), join(dir, file))
    },
  }
}

const quiet = createLogger({ workload: 'mail', noLog: true, level: 'silent' })

test('a swapped file is taken over, a broken one refused while the version before stays', async (t) => {
  const folder = kubeletFolder(t)
  folder.publish({ 'keyring.json': ring(1) })
  const mounts = new Mounts(folder.dir)
  const file = mounts.file(['keyring.json'], parseKeyring)
  assert.equal(mounts.loaded()['keyring.json']!.generation, 1)
  mounts.start(quiet)
  t.after(() => mounts.stop())

  const changed = new Promise<number>((resolve) => file.onChange((value) => resolve(value.generation)))
  folder.publish({ 'keyring.json': ring(2) })
  assert.equal(await changed, 2)
  assert.equal(mounts.loaded()['keyring.json']!.generation, 2)

  assert.equal(file.offer([Buffer.from(`{"generation":3,"keys":["${secret}"]}`)]), 'refused')
  assert.equal(file.value.generation, 2)
  const { generation, error } = mounts.loaded()['keyring.json']!
  assert.equal(generation, 2)
  assert.match(error!, /keyring\.json: keys/)
  assert.ok(!error!.includes(secret), 'the error shows no secret')
})

test('each of several files is told by the digest of its own bytes', () => {
  const file = new MountedFile(['tls.crt', 'tls.key'], () => ({ value: 0 }), [Buffer.from('one'), Buffer.from('two')])
  const digests = () => Object.entries(file.loaded).map(([name, { digest }]) => [name, digest])
  assert.deepEqual(digests(), [
    ['tls.crt', digestOf('one')],
    ['tls.key', digestOf('two')],
  ])
  assert.equal(file.offer([Buffer.from('onet'), Buffer.from('wo')]), 'changed')
})

test('a file that cannot be read any more ends nothing', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'mounts-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const path = join(dir, 'keyring.json')
  writeFileSync(path, ring(1))
  const mounts = new Mounts(dir)
  const file = mounts.file(['keyring.json'], parseKeyring)
  const { promise, resolve } = Promise.withResolvers<string>()
  mounts.start(createLogger({ workload: 'mail', noLog: true, stream: { write: resolve } }))
  t.after(() => mounts.stop())
  rmSync(path)
  mkdirSync(path)
  assert.match(await promise, /mounted file/)
  assert.equal(file.value.generation, 1)
})

/** 96 bits of security, which no client takes. */
test('a certificate that TLS refuses is refused with the reason', async () => {
  const key = generateKeyPairSync('ec', { namedCurve: 'prime192v1' }).privateKey
  const pem = key.export({ type: 'pkcs8', format: 'pem' }) as string
  const pair = await selfSignedCertificate(['localhost'], pem)
  const contents = [pair.cert, pair.key].map((text) => Buffer.from(text))
  assert.throws(() => parseCertificate(contents), new MountError('tls.crt, tls.key: cannot be used: ee key too small'))
})

test('a missing first version and a bad field are errors that say which', () => {
  assert.throws(() => parseKeyring([null]), new MountError('keyring.json: the file is missing from the mounts folder'))
  const schema = z.strictObject({ limits: z.strictObject({ size: z.int().positive() }) })
  assert.throws(
    () => parseConfig(schema, [Buffer.from('limits: { size: -3, sise: 1 }')]),
    (error: Error) =>
      /limits\.size: found -3; allowed: /.test(error.message) &&
      /limits\.sise: found an unknown field/.test(error.message),
  )
  assert.throws(() => parseConfig(schema, [Buffer.from('limits: [')]), /config\.yaml: not well-formed/)
})

test('offering the same bytes changes nothing', () => {
  const file = new MountedFile(['keyring.json'], parseKeyring, [Buffer.from(ring(1))])
  file.onChange(() => assert.fail('nothing changed'))
  assert.equal(file.offer([Buffer.from(ring(1))]), 'same')
})
