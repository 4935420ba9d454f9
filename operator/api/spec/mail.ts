/** `spec.mail`: accounts, messages and who may send what. */
import { z } from 'zod'
import { domainList, objectName } from '../names.ts'
import { duration, size } from '../quantities.ts'
import { section } from '../rules.ts'
import { nodeSelector, resources, tolerations } from './pods.ts'

const storage = section(
  'Where accounts and messages are kept.',
  {
    type: z
      .enum(['SQLite', 'PostgreSQL'])
      .default('SQLite')
      .describe(
        'SQLite keeps everything in one volume and needs nothing else. PostgreSQL is a database of yours, and allows more than one replica.',
      ),
    size: size.default('10Gi').describe('Size of the volume for SQLite, for example 10Gi.'),
    storageClassName: objectName
      .nullable()
      .default(null)
      .describe("Storage class of the volume; without it, the cluster's default class."),
    postgres: section('How to reach the database, for type PostgreSQL.', {
      secretName: objectName
        .optional()
        .describe('Secret in the same namespace with the connection URI under the key "uri".'),
    }),
  },
  [
    {
      cel: "self.type != 'PostgreSQL' || has(self.postgres.secretName)",
      message: 'storage.type PostgreSQL needs storage.postgres.secretName',
      field: ['postgres'],
      holds: (self) => self.type !== 'PostgreSQL' || self.postgres.secretName !== undefined,
    },
  ],
)

const registration = section(
  'Who may make an account.',
  {
    mode: z
      .enum(['Open', 'Token', 'Closed'])
      .default('Open')
      .describe(
        'Open: the first login with a new name makes the account. Token: an account is made on the page with a token. Closed: no new accounts.',
      ),
    tokenSecretName: objectName
      .optional()
      .describe('Secret with the tokens, one a line, under the key "registration-tokens"; for mode Token.'),
  },
  [
    {
      cel: "self.mode != 'Token' || has(self.tokenSecretName)",
      message: 'registration.mode Token needs registration.tokenSecretName',
      field: [],
      holds: (self) => self.mode !== 'Token' || self.tokenSecretName !== undefined,
    },
  ],
)

const limits = section('What one account may do.', {
  messageSize: z
    .int()
    .min(65536)
    .max(1073741824)
    .default(31457280)
    .describe('Largest message in bytes as it is sent; an attachment takes a third more than its file.'),
  quota: z
    .int()
    .min(1048576)
    .max(1099511627776)
    .default(524288000)
    .describe('Bytes of messages that one account may keep on the server.'),
  recipients: z.int().min(1).max(10000).default(1000).describe('Recipients of one message, the largest group.'),
  sendPerMinute: z
    .int()
    .min(1)
    .max(100000)
    .default(60)
    .describe('Messages that one account may send per minute over a longer time.'),
  sendBurst: z
    .int()
    .min(1)
    .max(100000)
    .default(10)
    .describe('Messages that one account may send at once on top of the rate.'),
})

const retention = section('How long messages and accounts are kept. Clients keep their own copies.', {
  messages: duration.default('20d').describe('Age at which a message is removed from the server.'),
  largeMessages: duration.default('7d').describe('Age at which a large message is removed.'),
  largeMessageSize: size.default('200Ki').describe('Size from which a message counts as large.'),
  inactiveAccounts: duration
    .default('90d')
    .describe('Time without a login after which an account is removed with its messages.'),
})

const federation = section('Mail to and from other servers.', {
  mode: z
    .enum(['Open', 'AllowList', 'DenyList', 'Closed'])
    .default('Open')
    .describe(
      'Open: every server. AllowList: only the domains listed. DenyList: all but those listed. Closed: accounts of this server write to one another alone.',
    ),
  domains: domainList.default([]).describe('Domains of AllowList or DenyList.'),
})

export const mail = section(
  'Accounts and messages.',
  {
    replicas: z
      .int()
      .min(1)
      .max(32)
      .default(1)
      .describe('Number of mail pods; more than one needs storage.type PostgreSQL.'),
    nodeSelector: nodeSelector('mail pods'),
    tolerations: tolerations('mail pods'),
    resources: resources('a mail pod', { cpu: '100m', memory: '128Mi', memoryLimit: '1Gi' }),
    storage,
    registration,
    limits,
    retention,
    federation,
    proxyProtocol: z
      .boolean()
      .default(false)
      .describe('True where a load balancer in front puts PROXY protocol headers before each connection.'),
    comment: z
      .string()
      .min(1)
      .max(1000)
      .nullable()
      .default(null)
      .describe('A line about this server that clients show to their users.'),
    admin: z
      .string()
      .min(1)
      .max(1000)
      .nullable()
      .default(null)
      .describe(
        'How users reach the people who run this server, as clients show it, for example mailto:admin@example.org.',
      ),
  },
  [
    {
      cel: "self.replicas == 1 || self.storage.type == 'PostgreSQL'",
      message: 'more than one replica needs storage.type PostgreSQL',
      field: ['replicas'],
      holds: (self) => self.replicas === 1 || self.storage.type === 'PostgreSQL',
    },
  ],
)
