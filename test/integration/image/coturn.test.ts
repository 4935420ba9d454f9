/** What the image for engine Coturn holds besides the other: the program and everything that it loads. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { missing } from '../../support/oracle.ts'

const script = join(import.meta.dirname, '../../../hack/image/coturn.sh')

test('turnserver finds each of its libraries in the layer', { skip: missing('turnserver') }, (t) => {
  const root = mkdtempSync(join(tmpdir(), 'chatmail-coturn-image-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  execFileSync(script, [root])
  const [libraries] = readdirSync(join(root, 'usr/lib'))
  const path = join(root, 'usr/lib', libraries!)
  const env = { LD_LIBRARY_PATH: path, PATH: process.env.PATH }
  const loaded = execFileSync('ldd', [join(root, 'usr/bin/turnserver')], { encoding: 'utf8', env })
  const elsewhere = [...loaded.matchAll(/=> (.*?)(?: \(0x|$)/gm)].filter(([, found]) => !found!.startsWith(path))
  assert.deepEqual(elsewhere, [])
  assert.match(loaded, /libsqlite3/)
})
