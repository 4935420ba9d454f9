/** Memory and CPU of the pods, as the kubelet counts them. */
import type { Row } from '../panels.ts'

export const resources: Row = {
  title: 'Resources',
  panels: [
    {
      title: 'Memory',
      description: 'Of each pod. Beyond its limit it is restarted.',
      unit: 'bytes',
      kind: 'time',
      queries: [
        {
          expr: 'sum by (pod) (container_memory_working_set_bytes{namespace="$namespace",container!=""} and on (namespace, pod) up{$server})',
          legend: '{{pod}}',
        },
      ],
    },
    {
      title: 'CPU',
      description: 'Cores of each pod.',
      unit: 'short',
      kind: 'time',
      queries: [
        {
          expr: 'sum by (pod) (rate(container_cpu_usage_seconds_total{namespace="$namespace",container!=""}[$rate]) and on (namespace, pod) up{$server})',
          legend: '{{pod}}',
        },
      ],
    },
  ],
}
