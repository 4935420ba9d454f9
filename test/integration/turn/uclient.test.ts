// coturn's own client against this server: every mode that loses nothing against a good one.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { selfSignedCertificate } from '../../support/certificate.ts'
import { findProgram, missing } from '../../support/oracle.ts'
import { udpSocket } from '../../support/turn-client.ts'
import { TurnProcess } from '../../support/turn-process.ts'

const skip = missing('turnutils_uclient') || missing('turnutils_peer')

/** Mode → what it does beyond `-n 5`. */
const modes: readonly (readonly [name: string, flags: string[]])[] = [
  ['channels, no RTCP', ['-c', '-n', '20']],
  ['Send indications', ['-s']],
  ['client to client', ['-y']],
  ['client to client with Send indications', ['-y', '-s']],
  ['ten clients', ['-m', '10', '-n', '20']],
  ['IPv6 relay', ['-x']],
  ['IPv6 relay requested', ['-X']],
  ['DONT-FRAGMENT asked for', ['-g']],
  ['dual allocation', ['-G']],
  ['padding', ['-D']],
  ['datagrams of 1100 bytes', ['-l', '1100']],
  ['TCP', ['-t']],
  ['TCP, client to client', ['-t', '-y']],
  ['TCP, Send indications', ['-t', '-s']],
  ['TLS', ['-t', '-S']],
]

let turn: TurnProcess
let peer: ChildProcess
let peerPort: number

/** A port that is free together with the next one, which the echo program takes too. */
const freePort = async (): Promise<number> => {
  const socket = await udpSocket('127.0.0.1')
  const { port } = socket.address() as AddressInfo
  socket.close()
  return port
}

const uclient = (flags: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const { username, password } = turn.login()
    const v6 = flags.some((flag) => flag === '-x' || flag === '-X')
    const args = ['-u', username, '-w', password, '-p', String(turn.address.port), '-r', String(peerPort)]
    const words = [...args, '-e', v6 ? '::1' : '127.0.0.1', '-n', '5', ...flags, '127.0.0.1']
    const child = spawn(findProgram('turnutils_uclient')!, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    child.once('error', reject)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve(output)
    })
  })

before(async () => {
  if (skip) return
  peerPort = await freePort()
  peer = spawn(findProgram('turnutils_peer')!, ['-p', String(peerPort), '-L', '127.0.0.1', '-L', '::1'], {
    stdio: 'ignore',
  })
  const limits = { allocationsPerCredential: 1000, allocationsPerIP: 1000 }
  turn = await TurnProcess.start({
    config: (config) => ({ ...config, limits: { ...config.limits, ...limits } }),
    certificate: await selfSignedCertificate(['chat.example.org']),
  })
})
after(async () => {
  peer?.kill('SIGKILL')
  await turn?.stop()
})

// Together, because each spends its time waiting between its datagrams.
describe('turnutils_uclient loses nothing', { concurrency: modes.length, skip }, () => {
  for (const [name, flags] of modes)
    test(`${flags.join(' ')}: ${name}`, async () => {
      const output = await uclient(flags)
      const lost = [...output.matchAll(/Total lost packets (\d+)/g)].at(-1)
      const sent = [...output.matchAll(/tot_send_msgs=(\d+)/g)].at(-1)
      assert.ok(lost && sent, output)
      assert.ok(Number(sent[1]) > 0, output)
      assert.equal(lost[1], '0', output)
    })
})
