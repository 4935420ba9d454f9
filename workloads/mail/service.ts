/** Wires the parts of a mail server: store, accounts, delivery, the three protocols, their listeners. */
import { randomInt } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { MailConfig } from '../contract/mail-config.ts'
import { mountedFiles } from '../contract/mounts.ts'
import type { Context, Running } from '../kit/lifecycle/run.ts'
import type { MountedFile } from '../kit/mounts/mounted-file.ts'
import type { Mounts } from '../kit/mounts/mounts.ts'
import { type CertificatePair, parseCertificate, parseKeyring, parseLines, parseRelays } from '../kit/mounts/parse.ts'
import { tlsSettings } from '../kit/tls/settings.ts'
import { createAccounts } from './accounts/accounts.ts'
import { createDelivery } from './delivery/delivery.ts'
import { createApp } from './http/app.ts'
import { WebServer } from './http/server.ts'
import { createImapServer } from './imap/server.ts'
import { Listeners } from './listeners/listeners.ts'
import { judge } from './policy/judge.ts'
import { createServerMetadata } from './relays/server-metadata.ts'
import { TurnConnections } from './relays/turn-connections.ts'
import { keepRetention } from './retention/retention.ts'
import { createSubmissionServer } from './smtp/server.ts'
import { createSqliteStore } from './store/sqlite/open.ts'
import type { MailStore } from './store/store.ts'

/** Sockets of one listener: as many sessions as one process holds with room to spare. */
const maxConnections = 20_000

const openMounts = (mounts: Mounts) => ({
  certificate: mounts.file([mountedFiles.certificate, mountedFiles.privateKey], parseCertificate),
  keyring: mounts.file([mountedFiles.keyring], parseKeyring),
  relays: mounts.file([mountedFiles.relays], parseRelays),
  tokens: mounts.file([mountedFiles.registrationTokens], parseLines),
})

type MailMounts = ReturnType<typeof openMounts>

const serverMetadata = (config: MailConfig, { keyring, relays }: MailMounts) =>
  createServerMetadata({
    keyring: () => keyring.value,
    relays: () => relays.value,
    turn: config.turn,
    maxRecipients: config.limits.recipients,
    comment: config.comment,
    admin: config.admin,
    now: Date.now,
  })

/** The context for STARTTLS, made once for each certificate, so that no handshake reads it again. */
const startTlsContext = (certificate: MountedFile<CertificatePair>): (() => SecureContext) => {
  const create = (pair: CertificatePair) => createSecureContext({ ...pair, ...tlsSettings })
  let context = create(certificate.value)
  certificate.onChange((pair) => {
    context = create(pair)
  })
  return () => context
}

const createProtocols = ({ config, log, metrics }: Context<MailConfig>, store: MailStore, mounts: MailMounts) => {
  const { domain, limits, registration } = config
  const { certificate, tokens } = mounts
  const { login, register } = createAccounts({
    store,
    domain,
    registration: registration.mode,
    tokens: () => tokens.value,
    onError: (error) => log.error({ err: error }, 'an account could not be read or written'),
  })
  const clock = { now: Date.now, monotonic: () => performance.now() }
  const delivery = createDelivery({
    store,
    domain,
    limits,
    clock,
    onError: (error) => log.error({ err: error }, 'a message could not be kept'),
  })
  const imap = createImapServer({
    store,
    login,
    metadata: serverMetadata(config, mounts),
    admit: (content, session) => {
      const verdict = judge(content, session.address)
      return verdict.pass ? { ok: true } : { ok: false, text: verdict.text }
    },
    limits: { messageSize: limits.messageSize },
    secureContext: startTlsContext(certificate),
    log,
    metrics,
  })
  const smtp = createSubmissionServer({ hostname: domain, login, delivery, certificate: certificate.value, limits })
  const app = createApp({ config, register, random: (below) => randomInt(below), now: clock.monotonic })
  const web = new WebServer(app, config.public.host, config.public.https, config.iroh)
  const turn = new TurnConnections({
    relays: () => mounts.relays.value,
    keyring: () => mounts.keyring.value,
    random: (below) => randomInt(below),
    now: clock.now,
  })
  return { imap, smtp, web, turn }
}

/** Every count of `/state` is a gauge too, so that the two never tell different stories. */
const exposeCounts = (registry: Registry, counts: () => Record<string, number>): void => {
  new Gauge({
    name: 'chatmail_mail_count',
    help: 'Counts of the mail server: sessions, messages by outcome, connections.',
    labelNames: ['what'],
    registers: [registry],
    collect() {
      for (const [what, value] of Object.entries(counts())) this.set({ what }, value)
    },
  })
}

/** Starts everything; resolves when every listener is bound. @throws ListenError, StoreLocked, MountError */
export const startMail = async (context: Context<MailConfig>): Promise<Running> => {
  const { config, log, metrics, dataDir } = context
  const mounts = openMounts(context.mounts)
  const store = await createSqliteStore({ dir: dataDir, quota: config.limits.quota })
  const protocols = createProtocols(context, store, mounts)
  const { imap, smtp, web, turn } = protocols
  const tlsFailures = new Counter({
    name: 'chatmail_mail_tls_failures_total',
    help: 'TLS handshakes that failed.',
    registers: [metrics],
  })
  const listeners = await Listeners.open({
    address: config.listenAddress,
    ports: config.listen,
    certificate: mounts.certificate.value,
    protocols,
    maxConnections,
    onTlsFailure: () => tlsFailures.inc(),
  }).catch(async (error) => {
    await store.close()
    throw error
  })
  mounts.certificate.onChange((certificate) => {
    listeners.renew(certificate)
    smtp.updateCertificate(certificate)
  })
  const endRetention = keepRetention({ store, retention: config.retention, now: Date.now, log })
  const counts = () => ({ ...imap.counts(), ...smtp.counts(), ...web.counts(), ...turn.counts() })
  exposeCounts(metrics, counts)
  return {
    counts,
    stop: async () => {
      listeners.close()
      endRetention()
      web.stop()
      turn.stop()
      await Promise.all([imap.stop(), smtp.stop()])
      await store.close()
    },
  }
}
