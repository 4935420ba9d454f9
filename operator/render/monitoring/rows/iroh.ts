/** Real-time apps: what the Iroh relay carries and turns away. */
import type { Row } from '../panels.ts'

export const iroh: Row = {
  title: 'Real-time apps',
  needs: 'iroh',
  panels: [
    {
      title: 'Endpoints',
      description: 'That can be reached through the relay, by generation of the protocol.',
      unit: 'short',
      kind: 'time',
      queries: [
        { expr: 'sum(chatmail_iroh_connections{$server})', legend: 'connections' },
        { expr: 'sum(chatmail_iroh_legacy_endpoints{$server})', legend: 'Iroh 0.35' },
        { expr: 'sum(chatmail_iroh_modern_endpoints{$server})', legend: 'Iroh 1.x' },
      ],
    },
    {
      title: 'Data relayed',
      description: 'A second and generation of the protocol.',
      unit: 'Bps',
      kind: 'time',
      queries: [
        {
          expr: 'sum by (generation) (rate(chatmail_iroh_relayed_bytes_total{$server}[$rate]))',
          legend: '{{generation}}',
        },
      ],
    },
    {
      title: 'Refused, dropped, closed',
      description: 'What the limits of the relay turn away, by reason.',
      unit: 'ops',
      kind: 'time',
      queries: [
        { expr: 'sum by (reason) (rate(chatmail_iroh_refused_total{$server}[$rate]))', legend: 'refused, {{reason}}' },
        { expr: 'sum by (reason) (rate(chatmail_iroh_dropped_total{$server}[$rate]))', legend: 'dropped, {{reason}}' },
        { expr: 'sum by (reason) (rate(chatmail_iroh_closed_total{$server}[$rate]))', legend: 'closed, {{reason}}' },
      ],
    },
    {
      title: 'Waiting for slow readers',
      description: 'Bytes that the relay holds. The bound is 128 MiB.',
      unit: 'bytes',
      kind: 'time',
      queries: [{ expr: 'sum(chatmail_iroh_queued_bytes{$server})', legend: 'queued' }],
    },
  ],
}
