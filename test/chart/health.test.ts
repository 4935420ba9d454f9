import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { missing } from '../support/oracle.ts'
import { read } from './chart.ts'

/** The interpreter of Debian. Argo CD's is Lua 5.1; the script uses nothing that differs. */
const interpreter = 'lua5.4'

/** A value as Lua writes it. A field that is undefined is left out, as JSON leaves it out. */
const luaOf = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `{${value.map(luaOf).join(', ')}}`
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return `{${fields.map(([key, field]) => `[${luaOf(key)}] = ${luaOf(field)}`).join(', ')}}`
}

const health = (obj: object): { status: string; message: string } => {
  const script = `obj = ${luaOf(obj)}
local health = (function()
${read('deploy/argocd/health.lua')}
end)()
io.write(health.status, '\\n', health.message)`
  const { status, stdout, stderr } = spawnSync(interpreter, ['-'], { input: script, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  const [word = '', message = ''] = stdout.split('\n')
  return { status: word, message }
}

const condition = (type: string, status: string, reason: string) => ({
  type,
  status,
  reason,
  message: `${type} says ${reason}`,
})
const ready = condition('Ready', 'True', 'Ready')
const notReady = condition('Ready', 'False', 'NotReady')
const paused = condition('Ready', 'Unknown', 'Paused')
const reconciling = condition('Reconciling', 'True', 'Progressing')
const stalled = condition('Stalled', 'True', 'SecretMissing')
const noCalls = condition('TurnAvailable', 'False', 'NoPublicAddress')

const seen = (...conditions: object[]) => ({
  metadata: { generation: 3 },
  status: { observedGeneration: 3, conditions },
})

/** By the rules of kstatus: https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus */
const cases: [title: string, object: object, status: string, message: RegExp][] = [
  ['no status at all', { metadata: { generation: 1 } }, 'Progressing', /not yet seen/],
  ['as it is born', { metadata: { generation: 1 }, status: { observedGeneration: -1 } }, 'Progressing', /not yet seen/],
  ['seen, without conditions', seen(), 'Progressing', /at work/],
  ['ready', seen(ready), 'Healthy', /Ready says Ready/],
  ['ready, with one condition that is not', seen(noCalls, ready), 'Healthy', /Ready says Ready/],
  ['not ready', seen(notReady), 'Progressing', /NotReady/],
  ['being brought about', seen(notReady, reconciling), 'Progressing', /Reconciling says Progressing/],
  ['ready, and a change on its way', seen(ready, reconciling), 'Progressing', /Reconciling says Progressing/],
  ['only a person can help', seen(notReady, stalled), 'Degraded', /Stalled says SecretMissing/],
  ['serving, and only a person can help', seen(stalled, ready), 'Degraded', /Stalled says SecretMissing/],
  ['no longer stalled', seen({ ...stalled, status: 'False' }, ready), 'Healthy', /Ready says Ready/],
  ['paused', seen(paused), 'Suspended', /Ready says Paused/],
  ['ready for what was there before', { ...seen(ready), metadata: { generation: 4 } }, 'Progressing', /not yet seen/],
  [
    'stalled over what was there before',
    { ...seen(stalled), metadata: { generation: 4 } },
    'Progressing',
    /not yet seen/,
  ],
  [
    'being deleted',
    { ...seen(ready), metadata: { generation: 3, deletionTimestamp: '2026-01-01T00:00:00Z' } },
    'Progressing',
    /deleted/,
  ],
]

for (const [title, object, status, message] of cases)
  test(`Argo CD, ${title}: ${status}`, { skip: missing(interpreter) }, () => {
    const answer = health(object)
    assert.equal(answer.status, status)
    assert.match(answer.message, message)
  })
