/** Mail: connections, messages, logins, and what makes no sense. */
import { mailCount, type Row } from '../panels.ts'

export const mail: Row = {
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
