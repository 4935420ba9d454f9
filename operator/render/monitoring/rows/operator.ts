/** The operator, which looks after all servers of a cluster. */
import type { Row } from '../panels.ts'

const ours = 'controller="chatmailserver"'
/** Requests to the API server are counted by every controller of a cluster: only those of the pods of ours. */
const byUs = `and on (namespace, pod) controller_runtime_active_workers{${ours}}`

export const operator: Row = {
  title: 'Operator (of all servers of the cluster)',
  panels: [
    {
      title: 'Passes',
      description:
        'How often it looks at a server, by result. Errors that go on: see its log and the conditions of servers.',
      unit: 'ops',
      kind: 'time',
      queries: [
        { expr: `sum by (result) (rate(controller_runtime_reconcile_total{${ours}}[$rate]))`, legend: '{{result}}' },
        { expr: `sum(rate(controller_runtime_reconcile_errors_total{${ours}}[$rate]))`, legend: 'errors' },
      ],
    },
    {
      title: 'Time of a pass',
      description: 'Half of them, and nine of ten, end within this time.',
      unit: 's',
      kind: 'time',
      queries: [0.5, 0.9].map((part) => ({
        expr: `histogram_quantile(${part}, sum by (le) (rate(controller_runtime_reconcile_time_seconds_bucket{${ours}}[$rate])))`,
        legend: `${part * 100} %`,
      })),
    },
    {
      title: 'Requests to the Kubernetes API',
      description: 'By answer. 409 is somebody who was quicker; 403 is a right that the operator lacks.',
      unit: 'reqps',
      kind: 'time',
      queries: [{ expr: `sum by (code) (rate(rest_client_requests_total[$rate]) ${byUs})`, legend: '{{code}}' }],
    },
  ],
}
