import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { exitCodes } from '../../contract/exit-codes.ts'
import { ListenError, listen } from './listen.ts'

test('a port that is taken is an error that names it', async (t) => {
  const [first, second] = [createServer(), createServer()]
  t.after(() => first.close())
  await listen(first, 'imaps', 0, '127.0.0.1')
  const { port } = first.address() as { port: number }
  await assert.rejects(
    () => listen(second, 'imap', port, '127.0.0.1'),
    (error) =>
      error instanceof ListenError && error.exitCode === exitCodes.unavailable && error.message.includes('imap'),
  )
})

test('a connection that could not be accepted does not end the process', async (t) => {
  const server = createServer()
  t.after(() => server.close())
  await listen(server, 'imaps', 0, '127.0.0.1')
  assert.doesNotThrow(() => server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' })))
})
