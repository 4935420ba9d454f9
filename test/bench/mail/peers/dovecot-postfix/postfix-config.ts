/**
 * main.cf and master.cf as chatmail relays have them for submission: implicit TLS, SASL by Dovecot, sender = login, the
 * domain's mail to Dovecot by LMTP; all else Postfix's defaults. In its favour, what a relay adds to each message is
 * left out: the filter with its second SMTP hop, header checks, DKIM.
 */
import type { Layout } from './layout.ts'

export type PostfixSettings = { layout: Layout; smtpPort: number; domain: string }

/** `$` would be expanded by Postfix and is in none of the values. */
export const mainConfig = ({ layout, domain }: PostfixSettings): string =>
  Object.entries({
    compatibility_level: '3.6',
    queue_directory: layout.queue,
    data_directory: layout.data,
    mail_owner: 'postfix',
    myhostname: domain,
    myorigin: domain,
    mydestination: '',
    alias_maps: '',
    alias_database: '',
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    mynetworks: '127.0.0.0/8',
    biff: 'no',
    append_dot_mydomain: 'no',
    recipient_delimiter: '+',
    mailbox_size_limit: '0',
    message_size_limit: '31457280',
    virtual_transport: 'lmtp:unix:private/dovecot-lmtp',
    virtual_mailbox_domains: domain,
    smtpd_peername_lookup: 'no',
    smtpd_tls_cert_file: layout.certificate,
    smtpd_tls_key_file: layout.privateKey,
    smtpd_sender_login_maps: `regexp:${layout.loginMap}`,
  })
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('')

/** Every address belongs to the login of the same name. */
export const loginMap = '/^(.*)$/ $' + '{1}\n'

const submission = (port: number): string => `127.0.0.1:${port} inet n - n - 5000 smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_tls_security_level=encrypt
  -o smtpd_tls_mandatory_protocols=>=TLSv1.3
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_sasl_type=dovecot
  -o smtpd_sasl_path=private/auth
  -o smtpd_reject_unlisted_recipient=no
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_helo_restrictions=permit_mynetworks,reject_invalid_helo_hostname,permit
  -o smtpd_sender_restrictions=reject_sender_login_mismatch,permit_sasl_authenticated,reject
  -o smtpd_recipient_restrictions=
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
  -o smtpd_client_connection_count_limit=1000
`

/** Name, type, private, unprivileged, chroot, wake-up time, process limit, command (master(5)), as Debian has them. */
const internal = [
  'pickup unix n - n 60 1 pickup',
  'cleanup unix n - n - 0 cleanup',
  'qmgr unix n - n 300 1 qmgr',
  'tlsmgr unix - - n 1000? 1 tlsmgr',
  'rewrite unix - - n - - trivial-rewrite',
  'bounce unix - - n - 0 bounce',
  'defer unix - - n - 0 bounce',
  'trace unix - - n - 0 bounce',
  'verify unix - - n - 1 verify',
  'flush unix n - n 1000? 0 flush',
  'proxymap unix - - n - - proxymap',
  'proxywrite unix - - n - 1 proxymap',
  'error unix - - n - - error',
  'retry unix - - n - - error',
  'discard unix - - n - - discard',
  'lmtp unix - - n - - lmtp',
  'anvil unix - - n - 1 anvil',
  'scache unix - - n - 1 scache',
]

export const masterConfig = ({ smtpPort }: PostfixSettings): string => `${submission(smtpPort)}${internal.join('\n')}\n`
