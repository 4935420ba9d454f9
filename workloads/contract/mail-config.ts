/**
 * `config.yaml` of a mail workload. Durations are seconds, sizes bytes; a change takes effect by rollout.
 */
import { z } from 'zod'

const port = z.int().min(1).max(65535)
const bytes = z.int().positive()
const seconds = z.int().positive()

/** A listener, or null where it is off. */
const listener = port.nullable()

export const mailConfig = z.strictObject({
  domain: z.string().min(1).max(255),
  /** Where the listeners bind: `::` is every address. */
  listenAddress: z.string().default('::'),
  listen: z.strictObject({
    imaps: listener,
    imap: listener,
    submissions: listener,
    submission: listener,
    https: listener,
    http: listener,
  }),
  management: z.strictObject({ address: z.string().default('::'), port }),
  /** What clients must use to reach the listeners from outside: goes into invites and autoconfig. */
  public: z.strictObject({
    host: z.string().min(1).max(253),
    imaps: listener,
    imap: listener,
    submissions: listener,
    submission: listener,
    https: listener,
    /** True when clients cannot verify the certificate: invites then tell them to accept any. */
    selfSigned: z.boolean(),
  }),
  registration: z.strictObject({
    /** Token: the mounted file `registration-tokens` holds one token a line. */
    mode: z.enum(['Open', 'Token', 'Closed']),
  }),
  limits: z.strictObject({
    messageSize: bytes,
    quota: bytes,
    recipients: z.int().positive(),
    sendPerMinute: z.int().positive(),
    sendBurst: z.int().positive(),
  }),
  retention: z.strictObject({
    messages: seconds,
    largeMessages: seconds,
    largeMessageSize: bytes,
    inactiveAccounts: seconds,
  }),
  turn: z.strictObject({
    /** False: clients are told a value that keeps them from third-party servers. */
    enabled: z.boolean(),
    /** How long a credential is valid. Delta Chat asks anew 12 h before the end. */
    credentialTtl: seconds,
  }),
  /**
   * The Iroh relay's listener for servers in front of it, or null: what its clients ask of the HTTPS and HTTP ports goes
   * there, so that mail and real-time apps share them and one certificate.
   */
  iroh: z
    .strictObject({ host: z.string().min(1).max(253), port })
    .nullable()
    .default(null),
  /** Shown in the client's server information; null leaves the key out. */
  comment: z.string().max(1000).nullable(),
  admin: z.string().max(1000).nullable(),
  /** True: no address, user name, IP or credential is ever logged. */
  noLog: z.boolean().default(true),
})

export type MailConfig = z.infer<typeof mailConfig>
