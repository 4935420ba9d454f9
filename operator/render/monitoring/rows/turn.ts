/** Calls: what relays carry, what they refuse, and their keys. */
import type { Row } from '../panels.ts'

export const turn: Row = {
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
