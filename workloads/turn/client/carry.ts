/** Something small that is sent until it arrives: a datagram may be lost. */
import { randomBytes } from 'node:crypto'
import { type TurnClient, TurnError } from './client.ts'

/** Milliseconds until it is sent again, and its length in bytes. */
const again = 250
const length = 32

/** Rejects with `TIMEOUT` once `signal` is aborted. */
export const whenAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const timedOut = () => reject(new TurnError('TIMEOUT'))
    signal.addEventListener('abort', timedOut, { once: true })
    if (signal.aborted) timedOut()
  })

/** Resolves when what `send` sends has come to `client` through its relayed address. @throws TurnError */
export const carry = async (send: (data: Buffer) => void, client: TurnClient, signal: AbortSignal): Promise<void> => {
  const sent = randomBytes(length)
  const arrived = new Promise<void>((resolve) => {
    client.onData = ({ data }) => data.equals(sent) && resolve()
  })
  const timer = setInterval(send, again, sent)
  send(sent)
  await Promise.race([arrived, whenAborted(signal)]).finally(() => clearInterval(timer))
}
