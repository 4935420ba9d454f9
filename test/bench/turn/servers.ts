/** The servers that are compared, each in a process of its own on loopback. */
import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { turnCredential } from '../../../workloads/contract/credential.ts'
import type { TurnConfig } from '../../../workloads/contract/turn-config.ts'
import { Coturn } from '../../support/coturn.ts'
import { NodeTurn } from '../../support/node-turn.ts'
import { findProgram } from '../../support/oracle.ts'
import { freePorts } from '../../support/ports.ts'
import type { TurnLogin } from '../../support/turn-client.ts'
import { loginFor, newTurnKeyring, TurnProcess } from '../../support/turn-process.ts'

export type Target = {
  port: number
  pid: number
  login: TurnLogin
  /** How a client sends: node-turn relays nothing that comes as ChannelData. */
  mode: 'channel' | 'indication'
  stop: () => Promise<void>
}

export type Server = { name: string; missing?: string; start: () => Promise<Target> }

const day = 86_400
/** Quotas are not what is measured. */
const unlimited = { allocations: 10_000, allocationsPerCredential: 10_000, allocationsPerIP: 10_000 }

const chatmail = (workers: number): Server => ({
  name: workers === 1 ? 'chatmail' : `chatmail, ${workers} workers`,
  start: async () => {
    const keyring = newTurnKeyring()
    const config = (base: TurnConfig): TurnConfig => ({ ...base, limits: { ...base.limits, ...unlimited }, workers })
    const turn = await TurnProcess.start({ keyring, config })
    const login = loginFor(keyring, day)
    return { port: turn.address.port, pid: turn.pid, login, mode: 'channel', stop: () => turn.stop() }
  },
})

const coturn = (threads: number): Server => ({
  name: threads === 1 ? 'coturn' : `coturn, ${threads} threads`,
  ...(findProgram('turnserver') ? {} : { missing: 'turnserver is missing: hack/provision installs it' }),
  start: async () => {
    const [port] = await freePorts(1)
    const secret = randomBytes(32).toString('base64')
    const relay = { min: 49_152, max: 65_535 }
    const server = await Coturn.start({ port: port!, secret, realm: 'bench', relay, more: ['-m', String(threads)] })
    const login = turnCredential(secret, Math.floor(Date.now() / 1000) + day)
    return { port: port!, pid: server.pid, login, mode: 'channel', stop: () => server.stop() }
  },
})

const nodeTurn: Server = {
  name: 'node-turn',
  start: async () => {
    const [port] = await freePorts(1)
    const login = { username: 'bench', password: randomBytes(16).toString('hex') }
    const server = await NodeTurn.start({ port: port!, login, realm: 'bench', relay: { min: 49_152, max: 65_535 } })
    return { port: port!, pid: server.pid, login, mode: 'indication', stop: () => server.stop() }
  },
}

/** On one core each, and, asked for, on all of them. */
export const servers = (everyCore: boolean): Server[] => {
  const cores = availableParallelism()
  return [chatmail(1), coturn(1), nodeTurn, ...(everyCore && cores > 1 ? [chatmail(cores), coturn(cores)] : [])]
}
