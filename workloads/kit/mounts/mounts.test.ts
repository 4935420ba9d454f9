import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { z } from 'zod'
import { createLogger } from '../log/logger.ts'
import { MountedFile } from './mounted-file.ts'
import { Mounts } from './mounts.ts'
import { MountError, parseConfig, parseKeyring } from './parse.ts'

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
  assert.equal(file.loaded.generation, 1)
  mounts.start(quiet)
  t.after(() => mounts.stop())

  const changed = new Promise<number>((resolve) => file.onChange((value) => resolve(value.generation)))
  folder.publish({ 'keyring.json': ring(2) })
  assert.equal(await changed, 2)
  assert.equal(mounts.loaded()['keyring.json']!.generation, 2)

  assert.equal(file.offer([Buffer.from(`{"generation":3,"keys":["${secret}"]}`)]), 'refused')
  assert.equal(file.value.generation, 2)
  assert.equal(file.loaded.generation, 2)
  assert.match(file.loaded.error!, /keyring\.json: keys/)
  assert.ok(!file.loaded.error!.includes(secret), 'the error shows no secret')
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
