/** A complete mail configuration for tests; what a test is about it overrides. */
import { type MailConfig, mailConfig } from '../../workloads/contract/mail-config.ts'

export const testDomain = '_chat.test'

export const testMailConfig = (overrides: Partial<MailConfig> = {}): MailConfig =>
  mailConfig.parse({
    domain: testDomain,
    listenAddress: '127.0.0.1',
    listen: { imaps: null, imap: null, submissions: null, submission: null, https: null, http: null },
    management: { address: '127.0.0.1', port: 1 },
    public: {
      host: '127.0.0.1',
      imaps: 2993,
      imap: 2143,
      submissions: 2465,
      submission: 2587,
      https: 2443,
      selfSigned: true,
    },
    registration: { mode: 'Open' },
    limits: { messageSize: 31_457_280, quota: 524_288_000, recipients: 1000, sendPerMinute: 60, sendBurst: 10 },
    retention: {
      messages: 20 * 86_400,
      largeMessages: 7 * 86_400,
      largeMessageSize: 204_800,
      inactiveAccounts: 90 * 86_400,
    },
    turn: { enabled: true, credentialTtl: 5 * 86_400 },
    comment: null,
    admin: null,
    ...overrides,
  })
