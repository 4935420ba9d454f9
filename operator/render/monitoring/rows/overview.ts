/** At a glance: whether it works, who uses it, how much room is left. */
import { mailCount, type Row } from '../panels.ts'

export const overview: Row = {
  title: 'At a glance',
  panels: [
    {
      title: 'Pods that answer',
      description: 'Of each component, the pods whose figures are read. 0 or nothing: the component is down.',
      unit: 'short',
      kind: 'stat',
      queries: [{ expr: 'sum by (chatmail_component) (up{$server})', legend: '{{chatmail_component}}' }],
    },
    {
      title: 'People connected',
      description: 'Open IMAP sessions; a device holds one to three.',
      unit: 'short',
      kind: 'stat',
      queries: [{ expr: 'sum(chatmail_imap_sessions{$server})', legend: 'sessions' }],
    },
    {
      title: 'Messages taken in an hour',
      description: 'Messages that were accepted from clients and delivered.',
      unit: 'short',
      kind: 'stat',
      queries: [{ expr: `sum(increase(${mailCount('smtpAccepted')}[1h]))`, legend: 'messages' }],
    },
    {
      title: 'Relayed calls',
      description: 'Relayed addresses in use; a call takes one or two.',
      unit: 'short',
      kind: 'stat',
      queries: [{ expr: 'sum(chatmail_turn_allocations{$server}) or vector(0)', legend: 'allocations' }],
    },
    {
      title: 'Mail volume in use',
      description: 'Of the space of the mail volume. At 64 MiB left no message is accepted any more.',
      unit: 'percentunit',
      kind: 'stat',
      queries: [
        {
          expr: '1 - max(kubelet_volume_stats_available_bytes{namespace="$namespace",persistentvolumeclaim="$name-mail-data"} / kubelet_volume_stats_capacity_bytes{namespace="$namespace",persistentvolumeclaim="$name-mail-data"})',
          legend: 'used',
        },
      ],
    },
  ],
}
