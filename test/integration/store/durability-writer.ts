/** Delivers from several senders at once without end, and prints the name of each message once it is acknowledged. */
import { randomUUID } from 'node:crypto'
import { writeSync } from 'node:fs'
import { createSqliteStore } from '../../../workloads/mail/store/sqlite/open.ts'

const store = await createSqliteStore({ dir: process.argv[2]!, quota: 1e12 })
const { account } = await store.accounts.create('a@x', 'v', 1)

/** `name size` and filling. */
const content = (name: string, size: number): Buffer => {
  const buffer = Buffer.alloc(size, ' ')
  buffer.write(`${name} ${size} \r\n\r\n`)
  return buffer
}

const sender = async (large: boolean): Promise<void> => {
  for (;;) {
    const name = `${randomUUID()}${large ? '-large' : ''}`
    const message = { content: content(name, large ? 100_000 : 3000), flags: [], receivedAt: 1 }
    await store.messages.deliver(message, [account.id])
    writeSync(1, `${name}\n`)
  }
}

await Promise.all([false, false, false, false, false, false, true, true].map(sender))
