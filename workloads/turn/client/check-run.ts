/** What the steps of an examination share: the server, the time they have, and the clients that they open. */
import type { TurnCredential } from '../../contract/credential.ts'
import type { CheckStep } from './advice.ts'
import { TurnClient } from './client.ts'
import { type Protocol, tlsFor } from './link.ts'

export type CheckOptions = {
  host: string
  port: number
  /** What the main steps go over. */
  over: Protocol
  /** Of each step. */
  timeoutMs: number
  credential: TurnCredential
  /** The certificate must be for the host's name; false takes any. */
  verifyTls: boolean
}

export type Run = CheckOptions & { address: string; signal: AbortSignal; clients: TurnClient[] }

export type CheckResult = {
  step: CheckStep
  /** `skipped`: it cannot be found out from here; `untried`: a step before it failed. */
  outcome: 'ok' | 'failed' | 'skipped' | 'untried'
  /** Milliseconds that it took; of `relay`, from one client to the other and back. */
  ms: number
  code?: string
  /** What was found: addresses, percentages. Only for the person who asks. */
  detail?: string
}

/** What a step found; failed where there is a code. */
export type Found = { code?: string; detail?: string; outcome?: 'skipped'; ms?: number }

/** A client that is released when its step has ended. @throws TurnError */
export const open = async (run: Run, protocol: Protocol = run.over): Promise<TurnClient> => {
  const { address, port, credential, signal, host, verifyTls } = run
  const tls = tlsFor(host, verifyTls)
  const client = await TurnClient.connect({ protocol, address, port, credential, signal, tls })
  run.clients.push(client)
  return client
}
