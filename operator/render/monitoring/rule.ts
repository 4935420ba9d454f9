/** The alerts of one server as a PrometheusRule. https://prometheus-operator.dev/docs/api-reference/api/#prometheusrule */
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import { names } from '../names.ts'
import { metadata, type PrometheusRule } from '../objects.ts'
import { type Alert, alerts } from './alerts.ts'
import { serverLabel } from './scraped.ts'
import { inWords } from './words.ts'

const ruleOf = (server: ChatmailServer, alert: Alert) => ({
  alert: alert.name,
  expr: inWords(server, alert.expr),
  for: alert.for,
  // A sum has no labels of its own by which an alert could be sent to the right people.
  labels: { severity: alert.severity, namespace: server.metadata.namespace, [serverLabel]: server.metadata.name },
  annotations: {
    summary: inWords(server, alert.summary),
    runbook: `docs/runbooks/${alert.name}.md`,
  },
})

export const prometheusRule = (server: ChatmailServer): PrometheusRule => ({
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  metadata: metadata(server, 'monitoring', names.alerts(server)),
  spec: {
    groups: [
      {
        name: `chatmail-${server.metadata.namespace}-${server.metadata.name}`,
        rules: alerts
          .filter(({ needs }) => needs === undefined || server.spec.turn.enabled)
          .map((alert) => ruleOf(server, alert)),
      },
    ],
  },
})
