/** A Grafana dashboard of one server, made from the table of panels, in a ConfigMap that Grafana's sidecar looks for. */
import { createHash } from 'node:crypto'
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import { configMap, fileText } from '../files.ts'
import { names } from '../names.ts'
import type { ConfigMap } from '../objects.ts'
import type { Panel, Query, Row } from './panels.ts'
import { rows } from './rows/rows.ts'
import { inWords } from './words.ts'

/** By which Grafana's sidecar finds dashboards, unless it is told another label. */
const sidecarLabel = 'grafana_dashboard'

/** Grafana's grid: 24 columns. */
const columns = 24
const sizes = { stat: { w: 4, h: 4 }, time: { w: 8, h: 8 } } as const
const rowHeight = 1

const datasource = { type: 'prometheus', uid: '$datasource' }

/** Reached again by whoever has bookmarked it: the same for the same server. At most 40 characters. */
const uidOf = ({ metadata }: ChatmailServer): string =>
  `chatmail-${createHash('sha256').update(`${metadata.namespace}/${metadata.name}`).digest('hex').slice(0, 16)}`

const target = (server: ChatmailServer) => (query: Query, index: number) => ({
  refId: String.fromCharCode('A'.charCodeAt(0) + index),
  datasource,
  expr: inWords(server, query.expr),
  legendFormat: query.legend,
})

type Place = { x: number; y: number }

const panelOf = (server: ChatmailServer, { title, description, unit, kind, queries }: Panel, { x, y }: Place) => ({
  type: kind === 'stat' ? 'stat' : 'timeseries',
  title,
  description,
  datasource,
  gridPos: { x, y, ...sizes[kind] },
  fieldConfig: {
    defaults: { unit, min: 0, ...(kind === 'time' ? { custom: { fillOpacity: 8, showPoints: 'never' } } : {}) },
    overrides: [],
  },
  options:
    kind === 'stat'
      ? { reduceOptions: { calcs: ['lastNotNull'] } }
      : { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
  targets: queries.map(target(server)),
})

type Layout = { panels: object[]; y: number }

/** A row's panels from left to right, as many beside each other as fit. */
const addRow = (server: ChatmailServer, { panels, y }: Layout, row: Row): Layout => {
  const heading = {
    type: 'row',
    title: row.title,
    collapsed: false,
    gridPos: { x: 0, y, w: columns, h: rowHeight },
    panels: [],
  }
  let [x, top, height] = [0, y + rowHeight, 0]
  const placed = row.panels.map((panel) => {
    const { w, h } = sizes[panel.kind]
    if (x + w > columns) [x, top, height] = [0, top + height, 0]
    const made = panelOf(server, panel, { x, y: top })
    ;[x, height] = [x + w, Math.max(height, h)]
    return made
  })
  return { panels: [...panels, heading, ...placed], y: top + height }
}

const isThere = ({ spec }: ChatmailServer, { needs }: Row): boolean =>
  needs === undefined || (needs === 'turn' ? spec.turn.enabled : spec.iroh.mode === 'Managed')

const numbered = (panels: readonly object[]): object[] => panels.map((panel, index) => ({ id: index + 1, ...panel }))

export const dashboard = (server: ChatmailServer) => ({
  uid: uidOf(server),
  title: `Chatmail: ${server.spec.domain}`,
  description: `The ChatmailServer ${server.metadata.namespace}/${server.metadata.name}. Made by its operator: save changes under another name.`,
  tags: ['chatmail'],
  editable: true,
  graphTooltip: 1,
  refresh: '1m',
  schemaVersion: 39,
  time: { from: 'now-6h', to: 'now' },
  templating: {
    list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', current: {}, hide: 0 }],
  },
  panels: numbered(
    rows
      .filter((row) => isThere(server, row))
      .reduce<Layout>((layout, row) => addRow(server, layout, row), { panels: [], y: 0 }).panels,
  ),
})

export const dashboards = (server: ChatmailServer): ConfigMap => {
  const { namespace, name } = server.metadata
  const file = `chatmail-${namespace}-${name}.json`
  const made = configMap(server, 'monitoring', names.dashboards(server), { [file]: fileText(dashboard(server)) })
  made.metadata.labels[sidecarLabel] = '1'
  return made
}
