/**
 * dovecot.conf as chatmail relays have it: maildir with compressed messages and quota, delivery by LMTP, login processes
 * that serve many connections, hibernation. `mail_fsync` is Dovecot's default, optimized: LMTP syncs each message.
 * In its favour, the lookups that a relay makes over sockets are left out: accounts are one static line, without hashing,
 * and there is no METADATA, last-login or push.
 */
import { type Layout, mailUser } from './layout.ts'

export type DovecotSettings = { layout: Layout; imapPort: number; password: string; hibernateAfter: number }

const service = (name: string, ...lines: string[]): string => `service ${name} {\n  ${lines.join('\n  ')}\n}\n`

const postfixSocket = (path: string): string => `unix_listener ${path} {\n mode = 0600\n user = postfix\n }`

const storage = ({ layout }: DovecotSettings): string => `
mail_location = maildir:${layout.mail}/%u
mail_uid = ${mailUser}
mail_gid = nogroup
mail_plugins = zlib quota
mail_fsync = optimized
mail_cache_max_size = 500K
lmtp_add_received_header = no
namespace inbox {
  inbox = yes
}
protocol imap {
  mail_plugins = $mail_plugins imap_quota
}
plugin {
  zlib_save = gz
  quota = maildir:User quota
  quota_rule = *:storage=500M
  quota_max_mail_size = 30M
  quota_grace = 0
}
`

const accounts = ({ layout, password }: DovecotSettings): string => `
auth_mechanisms = plain
passdb {
  driver = static
  args = password=${password}
}
userdb {
  driver = static
  args = uid=${mailUser} gid=nogroup home=${layout.mail}/%u allow_all_users=yes
}
`

/** A relay's own limits, and those per user and address out of the way: all load comes from one. */
const limits = ({ hibernateAfter }: DovecotSettings): string => `
default_client_limit = 20000
mail_max_userip_connections = 0
imap_hibernate_timeout = ${hibernateAfter}s
`

const services = ({ layout, imapPort }: DovecotSettings): string =>
  [
    service(
      'imap-login',
      'inet_listener imap {\n port = 0\n }',
      `inet_listener imaps {\n address = 127.0.0.1\n port = ${imapPort}\n ssl = yes\n }`,
      'service_count = 0',
      'vsz_limit = 1G',
      'process_min_avail = 10',
    ),
    service(
      'imap',
      'process_limit = 50000',
      'extra_groups = $default_internal_group',
      'unix_listener imap-master {\n user = $default_internal_user\n }',
    ),
    service('imap-hibernate', 'unix_listener imap-hibernate {\n mode = 0660\n group = $default_internal_group\n }'),
    service('lmtp', `user = ${mailUser}`, postfixSocket(`${layout.queue}/private/dovecot-lmtp`)),
    service('auth', postfixSocket(`${layout.queue}/private/auth`)),
    service('anvil', 'unix_listener anvil-auth-penalty {\n mode = 0\n }'),
  ].join('')

export const dovecotConfig = (settings: DovecotSettings): string => {
  const { layout } = settings
  return `protocols = imap lmtp
base_dir = ${layout.run}
state_dir = ${layout.state}
log_path = ${layout.dovecotLog}
ssl = required
ssl_cert = <${layout.certificate}
ssl_key = <${layout.privateKey}
ssl_min_protocol = TLSv1.3
${limits(settings)}${accounts(settings)}${storage(settings)}${services(settings)}`
}
