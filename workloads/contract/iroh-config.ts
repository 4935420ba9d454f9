/**
 * `config.yaml` of an Iroh relay workload. Durations are seconds, sizes bytes, rates bytes per second; a change takes
 * effect by rollout.
 */
import { z } from 'zod'

const port = z.int().min(1).max(65535)
const positive = z.int().positive()

/** Bytes per second with a burst; null is unlimited. */
const pace = z.strictObject({ bytesPerSecond: positive, burst: positive }).nullable()

const mebibyte = 1024 * 1024

const limits = z.strictObject({
  /** Connections in all; further ones are closed at once. */
  connections: positive.default(20_000),
  /** Of one address (IPv6: of one /64), those that have not identified themselves included. Many phones share one. */
  connectionsPerAddress: positive.default(1000),
  /** New ones of one address: each costs a signature check. */
  newPerSecond: positive.default(50),
  newBurst: positive.default(500),
  /** What is read of one connection, and of all of one address. Faster senders are slowed down, nothing is dropped. */
  connectionPace: pace.default({ bytesPerSecond: 8 * mebibyte, burst: 16 * mebibyte }),
  addressPace: pace.default({ bytesPerSecond: 32 * mebibyte, burst: 64 * mebibyte }),
  /** What waits for one slow reader; the oldest datagrams go first. */
  queuePackets: positive.default(512),
  queueBytes: positive.default(mebibyte),
  /** What waits for all slow readers together. */
  queueTotalBytes: positive.default(128 * mebibyte),
  /** From the connection until the client has proven its key. */
  handshake: positive.max(30).default(10),
  /** A client that takes nothing for this long is gone. */
  write: positive.default(5),
})

export const irohConfig = z
  .strictObject({
    /** Where the listeners bind: `::` is every address. */
    listenAddress: z.string().default('::'),
    listen: z.strictObject({ http: port.nullable(), https: port.nullable() }),
    /**
     * A listener for a server in front of this one, which says in X-Forwarded-For who is behind it. Whoever reaches this
     * port can claim any address, so it must not be a public one.
     */
    proxied: z.strictObject({ address: z.string(), port }).nullable().default(null),
    management: z.strictObject({ address: z.string().default('::'), port }),
    limits: limits.prefault({}),
    /** On stop, clients are sent away over this time, so that they do not all come back at once. */
    drain: z.strictObject({ spread: z.int().nonnegative() }).prefault({ spread: 5 }),
    /** True: no address, user name, IP or credential is ever logged. */
    noLog: z.boolean().default(true),
  })
  .refine(({ listen, proxied }) => listen.http ?? listen.https ?? proxied, {
    path: ['listen'],
    message: 'at least one of listen.http, listen.https and proxied',
  })

export type IrohConfig = z.infer<typeof irohConfig>
export type IrohLimits = IrohConfig['limits']
