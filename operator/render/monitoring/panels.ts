/**
 * What a dashboard of one server shows: rows of panels, as data. In an expression `$server` stands for the labels of the
 * server's pods, `$namespace` and `$name` for where it is and what it is called, `$rate` for the time that a rate is over.
 */

export type Unit = 'short' | 'ops' | 'reqps' | 'Bps' | 'bytes' | 's' | 'percentunit' | 'pps' | 'bool_on_off'

export type Query = {
  expr: string
  /** With `{{label}}` in it. */
  legend: string
}

export type Panel = {
  title: string
  /** What it means, and when to worry. */
  description: string
  unit: Unit
  /** stat: the last value alone. */
  kind: 'time' | 'stat'
  queries: readonly Query[]
}

export type Row = { title: string; needs?: 'turn' | 'iroh'; panels: readonly Panel[] }

const mailCount = (what: string): string => `chatmail_mail_count{$server,what="${what}"}`

const overview: Row = {
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

const mail: Row = {
  title: 'Mail',
  panels: [
    {
      title: 'Connections',
      description: 'Open sessions of each protocol. Idle ones wait for mail.',
      unit: 'short',
      kind: 'time',
      queries: [
        { expr: 'sum(chatmail_imap_sessions{$server})', legend: 'IMAP' },
        { expr: `sum(${mailCount('imapIdling')})`, legend: 'IMAP, idle' },
        { expr: `sum(${mailCount('smtpSessions')})`, legend: 'SMTP' },
        { expr: `sum(${mailCount('httpConnections')})`, legend: 'HTTPS' },
        { expr: `sum(${mailCount('relayConnections')})`, legend: 'passed on to the Iroh relay' },
      ],
    },
    {
      title: 'Messages taken',
      description: 'Accepted and delivered, a second.',
      unit: 'ops',
      kind: 'time',
      queries: [{ expr: `sum(rate(${mailCount('smtpAccepted')}[$rate]))`, legend: 'accepted' }],
    },
    {
      title: 'Messages refused',
      description:
        'By reason. smtpRefusedUnencrypted and smtpRefusedForgedFrom are the policy at work; smtpRefusedFailed means that the server could not keep a message.',
      unit: 'ops',
      kind: 'time',
      queries: [
        {
          expr: 'sum by (what) (rate(chatmail_mail_count{$server,what=~"smtpRefused.+"}[$rate])) > 0',
          legend: '{{what}}',
        },
      ],
    },
    {
      title: 'IMAP commands',
      description: 'By tagged status. NO and BAD in numbers: a client that does not understand the server.',
      unit: 'reqps',
      kind: 'time',
      queries: [{ expr: 'sum by (status) (rate(chatmail_imap_commands_total{$server}[$rate]))', legend: '{{status}}' }],
    },
    {
      title: 'Logins',
      description: 'By outcome. Many failures: somebody guesses passwords.',
      unit: 'reqps',
      kind: 'time',
      queries: [{ expr: 'sum by (outcome) (rate(chatmail_imap_logins_total{$server}[$rate]))', legend: '{{outcome}}' }],
    },
    {
      title: 'Input that makes no sense',
      description:
        'Broken grammar, failed handshakes: scanners and strangers. They cost nothing as long as this is small.',
      unit: 'ops',
      kind: 'time',
      queries: [
        { expr: 'sum by (kind) (rate(chatmail_imap_bad_input_total{$server}[$rate]))', legend: 'IMAP, {{kind}}' },
        { expr: `sum(rate(${mailCount('smtpErrorReplies')}[$rate]))`, legend: 'SMTP error replies' },
        { expr: 'sum(rate(chatmail_mail_tls_failures_total{$server}[$rate]))', legend: 'TLS handshakes' },
      ],
    },
  ],
}

const turn: Row = {
  title: 'Calls',
  needs: 'turn',
  panels: [
    {
      title: 'Relayed addresses',
      description: 'Of each relay. A draining one goes to zero as its calls end.',
      unit: 'short',
      kind: 'time',
      queries: [{ expr: 'sum by (pod, node) (chatmail_turn_allocations{$server})', legend: '{{pod}}' }],
    },
    {
      title: 'Relay ports in use',
      description: 'Of spec.turn.relayPorts. Beyond 80 %: widen the range or add a relay.',
      unit: 'percentunit',
      kind: 'time',
      queries: [
        {
          expr: 'max by (pod) (chatmail_turn_relays{$server} / chatmail_turn_relay_ports{$server})',
          legend: '{{pod}}',
        },
      ],
    },
    {
      title: 'Media relayed',
      description: 'Payload, a second and direction.',
      unit: 'Bps',
      kind: 'time',
      queries: [
        {
          expr: 'sum by (direction) (rate(chatmail_turn_relayed_bytes_total{$server}[$rate]))',
          legend: '{{direction}}',
        },
      ],
    },
    {
      title: 'Datagrams relayed',
      description: 'A second and direction. An audio stream is 50, video a few hundred.',
      unit: 'pps',
      kind: 'time',
      queries: [
        {
          expr: 'sum by (direction) (rate(chatmail_turn_relayed_packets_total{$server}[$rate]))',
          legend: '{{direction}}',
        },
      ],
    },
    {
      title: 'Answers to clients',
      description:
        'By method and code. 401 begins every allocation; 486 is a limit of spec.turn.limits; 508 means that no port is free.',
      unit: 'reqps',
      kind: 'time',
      queries: [
        {
          expr: 'sum by (method, code) (rate(chatmail_turn_answers_total{$server}[$rate]))',
          legend: '{{method}} {{code}}',
        },
      ],
    },
    {
      title: 'Refused and dropped',
      description: 'Denied peers: somebody tries to reach the inside of a network through the relay, in vain.',
      unit: 'ops',
      kind: 'time',
      queries: [
        { expr: 'sum by (reason) (rate(chatmail_turn_dropped_total{$server}[$rate]))', legend: 'dropped, {{reason}}' },
        {
          expr: 'sum by (group) (rate(chatmail_turn_denied_peers_total{$server}[$rate]))',
          legend: 'denied peer, {{group}}',
        },
        { expr: 'sum(rate(chatmail_turn_receive_drops{$server}[$rate]))', legend: 'receive buffer full' },
        { expr: 'sum(rate(chatmail_turn_socket_errors_total{$server}[$rate]))', legend: 'socket errors' },
      ],
    },
    {
      title: 'How long relayed addresses live',
      description: 'Half of them, and nine of ten, are over within this time.',
      unit: 's',
      kind: 'time',
      queries: [0.5, 0.9].map((part) => ({
        expr: `histogram_quantile(${part}, sum by (le) (rate(chatmail_turn_session_seconds_bucket{$server}[1h])))`,
        legend: `${part * 100} %`,
      })),
    },
    {
      title: 'Keys',
      description:
        'Generation of the key ring that each relay has in force. They differ for seconds while a key is rotated.',
      unit: 'short',
      kind: 'time',
      queries: [{ expr: 'max by (pod) (chatmail_turn_keyring_generation{$server})', legend: '{{pod}}' }],
    },
    {
      title: 'Draining',
      description: 'Relays that take no new calls, because they are about to be replaced or their node is.',
      unit: 'bool_on_off',
      kind: 'time',
      queries: [{ expr: 'max by (pod) (chatmail_turn_draining{$server})', legend: '{{pod}}' }],
    },
  ],
}

const iroh: Row = {
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

const resources: Row = {
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

const ours = 'controller="chatmailserver"'
/** Requests to the API server are counted by every controller of a cluster: only those of the pods of ours. */
const byUs = `and on (namespace, pod) controller_runtime_active_workers{${ours}}`

const operator: Row = {
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

export const rows: readonly Row[] = [overview, mail, turn, iroh, resources, operator]
