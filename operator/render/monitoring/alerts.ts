/** When somebody should look at a server: each alert has a page of its name in docs/runbooks. `$` words as in the panels. */

export type Alert = {
  name: string
  needs?: 'turn'
  expr: string
  /** How long it must be so before anybody is told. */
  for: string
  severity: 'critical' | 'warning'
  summary: string
}

export const alerts: readonly Alert[] = [
  {
    name: 'ChatmailMailDown',
    expr: 'sum(up{$server,chatmail_component="mail"}) == 0 or absent(up{$server,chatmail_component="mail"})',
    for: '5m',
    severity: 'critical',
    summary: 'No mail pod of $name answers: nobody can read or send.',
  },
  {
    name: 'ChatmailRelayDown',
    needs: 'turn',
    expr: 'up{$server,chatmail_component="turn"} == 0',
    for: '10m',
    severity: 'warning',
    summary: 'The relay {{ $labels.pod }} of $name does not answer: calls through it fail.',
  },
  {
    name: 'ChatmailRelayPortsLow',
    needs: 'turn',
    expr: 'chatmail_turn_relays{$server} / chatmail_turn_relay_ports{$server} > 0.8',
    for: '10m',
    severity: 'warning',
    summary: 'The relay {{ $labels.pod }} of $name has few ports left: new calls will be refused.',
  },
  {
    name: 'ChatmailRelayOverloaded',
    needs: 'turn',
    expr: 'rate(chatmail_turn_receive_drops{$server}[5m]) > 10',
    for: '10m',
    severity: 'warning',
    summary: 'The relay {{ $labels.pod }} of $name loses datagrams: calls stutter.',
  },
  {
    name: 'ChatmailKeysDiffer',
    needs: 'turn',
    expr: 'max(chatmail_turn_keyring_generation{$server}) - min(chatmail_turn_keyring_generation{$server}) > 0',
    for: '15m',
    severity: 'warning',
    summary: 'The relays of $name have had different keys for a while: a rotation does not come to its end.',
  },
  {
    name: 'ChatmailMailNotKept',
    expr: 'sum(increase(chatmail_mail_count{$server,what="smtpRefusedFailed"}[10m])) > 0',
    for: '0m',
    severity: 'critical',
    summary: 'Mail of $name could not keep messages; clients try again.',
  },
  {
    name: 'ChatmailMailVolumeFilling',
    expr: 'kubelet_volume_stats_available_bytes{namespace="$namespace",persistentvolumeclaim="$name-mail-data"} / kubelet_volume_stats_capacity_bytes{namespace="$namespace",persistentvolumeclaim="$name-mail-data"} < 0.1',
    for: '15m',
    severity: 'warning',
    summary: 'The mail volume of $name is nine tenths full: soon no message is accepted.',
  },
]
