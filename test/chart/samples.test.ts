import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { parseServer } from '../../operator/api/chatmail-server.ts'
import { unsupported } from '../../operator/api/support.ts'
import { read, root } from './chart.ts'

const samples = globSync('crds/samples/*.yaml', { cwd: fileURLToPath(root) }).sort()

test('there is a sample for each kind of person', () => {
  const names = samples.map((path) => path.replace(/.*\//, '').replace('.yaml', ''))
  assert.deepEqual(names, [
    'local',
    'minimal',
    'node-selection',
    'own-certificate',
    'production',
    'turn-load-balancer',
    'underscore-domain',
  ])
})

for (const path of samples) {
  test(`${path} is valid, and this version can do it`, () => {
    const parsed = parseServer(parse(read(path)))
    assert.ok(parsed.ok, JSON.stringify(parsed))
    assert.deepEqual(unsupported(parsed.server.spec, path.endsWith('local.yaml') ? 'local' : 'cluster'), [])
  })

  test(`${path} says at its top for whom it is`, () => {
    assert.match(read(path), /^# (For|A chatmail server on this machine)/)
  })
}
