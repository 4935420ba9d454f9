import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { apiVersion, type ChatmailServer, kind, parseServer } from '../../api/chatmail-server.ts'
import { type Facts, outsideACluster, type Platform } from '../facts.ts'
import type { ConfigMap, PodMonitor, PrometheusRule } from '../objects.ts'
import { alerts } from './alerts.ts'
import { dashboard } from './dashboard.ts'
import { monitoring } from './monitoring.ts'

const serverOf = (spec: object = {}, name = 'chat'): ChatmailServer => {
  const metadata = { name, namespace: 'community' }
  const parsed = parseServer({ apiVersion, kind, metadata, spec: { domain: 'chat.example.org', ...spec } })
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed.server
}

const both = ['PodMonitor', 'PrometheusRule']
const made = (spec: object, kinds: string[], platform: Platform = 'cluster') =>
  monitoring(serverOf(spec), { ...outsideACluster, platform, monitoringKinds: new Set(kinds) } as unknown as Facts)
const kindsOf = (wish: object, kinds: string[], platform?: Platform): string[] =>
  made({ monitoring: wish }, kinds, platform).map((object) => object.kind)

test('what is made: by wish, and by what the cluster serves', () => {
  const cases: [object, string[], string[]][] = [
    [{}, [], []],
    [{}, both, ['PodMonitor', 'PrometheusRule', 'ConfigMap']],
    [{}, ['PodMonitor'], ['PodMonitor', 'ConfigMap']],
    [{ podMonitor: 'Disabled' }, both, ['ConfigMap']],
    [{ podMonitor: 'Disabled', dashboards: 'Disabled' }, both, []],
    [{ dashboards: 'Disabled' }, both, ['PodMonitor', 'PrometheusRule']],
    [{ dashboards: 'Enabled' }, [], ['ConfigMap']],
    [{ podMonitor: 'Enabled' }, [], []],
  ]
  for (const [wish, kinds, expected] of cases) assert.deepEqual(kindsOf(wish, kinds), expected, JSON.stringify(wish))
  assert.deepEqual(kindsOf({ podMonitor: 'Enabled', dashboards: 'Enabled' }, both, 'local'), [])
})

test('the PodMonitor selects the pods of this server alone, on the management port, with the token by reference', () => {
  const { metadata, spec } = made({}, both)[0] as PodMonitor
  assert.deepEqual(spec.selector, {
    matchLabels: { 'app.kubernetes.io/name': 'chatmail', 'app.kubernetes.io/instance': 'chat' },
  })
  assert.deepEqual([metadata.name, metadata.namespace], ['chat', 'community'])
  const [endpoint] = spec.podMetricsEndpoints as [Record<string, unknown>]
  assert.equal(endpoint.port, 'management')
  assert.deepEqual(endpoint.authorization, {
    type: 'Bearer',
    credentials: { name: 'chat-management-token', key: 'management-token' },
  })
})

type GridPos = { x: number; y: number; w: number; h: number }
type Drawn = {
  id: number
  type: string
  title: string
  description?: string
  gridPos: GridPos
  targets?: { expr: string }[]
}
const panelsOf = (spec: object): Drawn[] => dashboard(serverOf(spec)).panels as Drawn[]
const everything = { iroh: { mode: 'Managed' } }

const overlap = (a: GridPos, b: GridPos): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h

test('a dashboard is JSON in a ConfigMap that the sidecar finds; panels lie beside each other, each with words', () => {
  const config = made(everything, both).at(-1) as ConfigMap
  assert.equal(config.metadata.labels.grafana_dashboard, '1')
  const [text] = Object.values(config.data)
  assert.deepEqual(JSON.parse(text!), JSON.parse(JSON.stringify(dashboard(serverOf(everything)))))
  const panels = panelsOf(everything)
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  for (const [index, { gridPos, type, description, title }] of panels.entries()) {
    assert.ok(gridPos.x + gridPos.w <= 24)
    assert.ok(type === 'row' || description, title)
    for (const other of panels.slice(index + 1)) assert.ok(!overlap(gridPos, other.gridPos), `${title}, ${other.title}`)
  }
})

test('rows of parts that a server does not have are left out', () => {
  const titles = (spec: object) => panelsOf(spec).flatMap(({ type, title }) => (type === 'row' ? [title] : []))
  assert.ok(titles(everything).includes('Real-time apps'))
  assert.ok(!titles({ iroh: { mode: 'Disabled' } }).includes('Real-time apps'))
  assert.ok(!titles({ turn: { enabled: false } }).includes('Calls'))
  const rules = made({ turn: { enabled: false } }, both)[1] as PrometheusRule
  assert.doesNotMatch(JSON.stringify(rules), /chatmail_turn|Relay/)
})

test('every query is about this server or the operator, and no word is left to fill in', () => {
  const rule = made(everything, both)[1] as PrometheusRule
  type Rule = { expr: string; labels: Record<string, string>; annotations: { summary: string } }
  const groups = rule.spec.groups as { rules: Rule[] }[]
  const rules = groups.flatMap((group) => group.rules)
  const queries = [...panelsOf(everything).flatMap(({ targets = [] }) => targets), ...rules].map(({ expr }) => expr)
  assert.ok(queries.length > 30)
  for (const { labels } of rules) assert.deepEqual([labels.namespace, labels.chatmail_server], ['community', 'chat'])
  for (const expr of [...queries, ...rules.map(({ annotations }) => annotations.summary)])
    assert.doesNotMatch(expr.replace('$__rate_interval', '').replace('$labels', ''), /\$/)
  for (const expr of queries)
    assert.match(
      expr,
      /namespace="community",chatmail_server="chat"|persistentvolumeclaim="chat-mail-data"|controller="chatmailserver"/,
    )
})

test('dashboards of two servers have names and uids of their own, which stay', () => {
  const [one, two] = ['chat', 'chat-two'].map((name) => dashboard(serverOf({}, name)))
  assert.notEqual(one!.uid, two!.uid)
  assert.ok(one!.uid.length <= 40)
  assert.equal(dashboard(serverOf()).uid, one!.uid)
})

test('every alert has its page, and every page its alert', () => {
  const runbooks = new URL('../../../docs/runbooks/', import.meta.url)
  const pages = readdirSync(runbooks).filter((file) => file !== 'README.md')
  assert.deepEqual(pages.sort(), alerts.map(({ name }) => `${name}.md`).sort())
  for (const { name } of alerts) {
    assert.ok(existsSync(new URL(`${name}.md`, runbooks)))
    const page = readFileSync(new URL(`${name}.md`, runbooks), 'utf8')
    assert.match(page, new RegExp(`^# ${name}\n[^]*\n## What to look at\n[^]*\n## What to do\n`))
  }
})
