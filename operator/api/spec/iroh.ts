/** `spec.iroh`: the relay for real-time apps. */
import { z } from 'zod'
import { port } from '../names.ts'
import { section } from '../rules.ts'
import { resources } from './pods.ts'

const atOnce = (what: string) => `Bytes ${what} at once, on top of the rate.`

/** A datagram takes up to 64 KiB: a client that is slowed down to less could not even answer a ping in time. */
const bytes = z.int().min(65536).max(10000000000)
const count = z.int().min(1).max(1000000)

const limits = section(
  'What the relay that this server runs takes. Who sends faster is slowed down; connections beyond are refused.',
  {
    connections: count
      .default(20000)
      .describe('Connections at a time. An idle one takes up to 8 KiB of memory, and with TLS some 45 KiB of mail.'),
    connectionsPerIP: count
      .default(1000)
      .describe(
        'Connections of one client address (IPv6: of one /64) at a time. Many phones share one, and behind exposure.externalTrafficPolicy Cluster all of them a few.',
      ),
    newPerSecond: count.default(50).describe('New connections of one client address a second over a longer time.'),
    newBurst: count.default(500).describe('New connections of one client address at once on top of the rate.'),
    bandwidth: bytes.default(8388608).describe('Bytes per second that are read of one connection.'),
    bandwidthBurst: bytes.default(16777216).describe(atOnce('of one connection')),
    bandwidthPerIP: bytes
      .default(33554432)
      .describe('Bytes per second that are read of all connections of one client address.'),
    bandwidthBurstPerIP: bytes.default(67108864).describe(atOnce('of one client address')),
  },
)

export const iroh = section(
  'The relay for real-time apps (webxdc).',
  {
    mode: z
      .enum(['Managed', 'External', 'Disabled'])
      .default('Managed')
      .describe(
        'Managed: this server runs one. External: clients are told the URL given, while a relay answers there. Disabled: clients are told that there is none.',
      ),
    url: z
      .string()
      .min(1)
      .max(2000)
      .regex(/^https?:\/\/[^\s/?#]+\/?$/, 'a URL with https:// or http:// and no path: clients use nothing else of it')
      .optional()
      .describe(
        'URL of the relay, for mode External. With https:// its certificate must be one that browsers trust; clients accept no other.',
      ),
    port: port
      .default(3340)
      .describe(
        'TCP port of the relay that this server runs. On one machine with a self-signed certificate clients connect to it; otherwise mail alone does, and clients use the HTTPS port.',
      ),
    resources: resources('the relay', { cpu: '50m', memory: '96Mi', memoryLimit: '512Mi' }),
    limits,
  },
  [
    {
      cel: "self.mode != 'External' || has(self.url)",
      message: 'iroh.mode External needs iroh.url',
      field: [],
      holds: (self) => self.mode !== 'External' || self.url !== undefined,
    },
  ],
)
