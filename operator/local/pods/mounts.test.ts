import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { writeMounts } from './mounts.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'chatmail-mounts-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const visible = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(dir)
      .filter((name) => !name.startsWith('..'))
      .map((name) => [name, readFileSync(join(dir, name), 'utf8')]),
  )

test('files come, change and go, and one version is kept', () => {
  for (const files of [{ a: '1', b: '2' }, { a: '1', b: '3', c: '4' }, { c: '5' }]) {
    writeMounts(dir, new Map(Object.entries(files)))
    assert.deepEqual(visible(), files)
    assert.deepEqual(readdirSync(dir).filter((name) => name.startsWith('..')).length, 2)
  }
})

test('a reader sees files of one version only', () => {
  writeMounts(
    dir,
    new Map([
      ['a', '0'],
      ['b', '0'],
    ]),
  )
  const link = join(dir, '..data')
  for (let version = 1; version < 50; version++) {
    const held = readdirSync(link)
    assert.deepEqual(held.sort(), ['a', 'b'])
    writeMounts(
      dir,
      new Map([
        ['a', `${version}`],
        ['b', `${version}`],
      ]),
    )
    assert.deepEqual(visible(), { a: `${version}`, b: `${version}` })
  }
})
