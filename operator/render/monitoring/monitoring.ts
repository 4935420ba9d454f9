/** What monitoring finds of a server, where a cluster has somebody who looks for it. */
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import type { Facts } from '../facts.ts'
import type { KubernetesObject } from '../objects.ts'
import { dashboards } from './dashboard.ts'
import { podMonitor } from './pod-monitor.ts'
import { prometheusRule } from './rule.ts'

type Wish = ChatmailServer['spec']['monitoring']['podMonitor']

const isWanted = (wish: Wish, there: boolean): boolean => wish === 'Enabled' || (wish === 'Auto' && there)

/** What the API server does not serve is not made: `Enabled` alone brings no API about, and a person is told so. */
export const monitoring = (server: ChatmailServer, { platform, monitoringKinds }: Facts): KubernetesObject[] => {
  if (platform === 'local') return []
  const { podMonitor: figures, dashboards: pictures } = server.spec.monitoring
  const [serves, servesRules] = [monitoringKinds.has('PodMonitor'), monitoringKinds.has('PrometheusRule')]
  const watched = isWanted(figures, serves)
  return [
    ...(watched && serves ? [podMonitor(server)] : []),
    ...(watched && servesRules ? [prometheusRule(server)] : []),
    ...(isWanted(pictures, serves) ? [dashboards(server)] : []),
  ]
}
