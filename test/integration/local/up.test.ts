import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isRunning, startTime } from '../../../operator/local/host/process-identity.ts'
import { StartError } from '../../../workloads/contract/start-error.ts'
import { type Bed, freeSpec, isAlive, makeBed, runUp, serverOf, until } from './server.ts'

let bed: Bed
beforeEach(() => {
  bed = makeBed()
})
afterEach(() => bed.remove())

const startError = (exitCode: number, words: RegExp) => (error: unknown) =>
  error instanceof StartError && error.exitCode === exitCode && words.test(error.message)

const filesBelow = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

test('starts the relays, then mail that knows of them, and leaves nothing running', async () => {
  const run = runUp(bed, serverOf(await freeSpec()))
  const facts = await run.ready
  assert.deepEqual(
    bed
      .starts()
      .map(({ name }) => name)
      .toSorted(),
    ['iroh', 'mail', 'turn'],
  )
  assert.equal(bed.starts().at(-1)!.name, 'mail')
  assert.equal(facts.turnEndpoints[0]?.host, '127.0.0.1')
  const [mail] = bed.starts('mail')
  const relays = JSON.parse(readFileSync(join(mail!.mounts, 'relays.json'), 'utf8'))
  assert.deepEqual(relays.turn, facts.turnEndpoints)
  assert.match(relays.iroh, /^http:\/\/127\.0\.0\.1:\d+\/$/)
  assert.deepEqual(mail!.env, ['MALLOC_ARENA_MAX', 'NODE_COMPILE_CACHE', 'PATH', 'TZ'])
  assert.equal(mail!.data, join(bed.dataDir, 'volumes', 'chat-mail-data'))
  assert.deepEqual(mail!.files.sort(), [
    'config.yaml',
    'keyring.json',
    'management-token',
    'relays.json',
    'tls.crt',
    'tls.key',
  ])
  run.stop()
  assert.equal(await run.done, 0)
  for (const { pid, mounts } of bed.starts()) {
    assert.equal(isAlive(pid), false)
    assert.equal(existsSync(mounts), false, 'mounts are gone, secrets with them')
  }
})

test('what is secret is for the owner alone, and a second start keeps it', async () => {
  const server = serverOf(await freeSpec())
  const secrets = () => filesBelow(join(bed.dataDir, 'secrets')).map((file) => [file, readFileSync(file, 'utf8')])
  const first = runUp(bed, server)
  await first.ready
  const kept = secrets()
  assert.equal(kept.length, 4)
  for (const file of filesBelow(bed.dataDir).filter((path) => !path.includes('/cache/')))
    assert.equal(statSync(file).mode & 0o077, 0, file)
  first.stop()
  await first.done
  const second = runUp(bed, server)
  await second.ready
  assert.deepEqual(secrets(), kept)
  second.stop()
  await second.done
})

test('the certificate holds the domain and the address, and its key outlives new names', async () => {
  const certificate = () => new X509Certificate(readFileSync(join(bed.dataDir, 'secrets/chat-tls/tls.crt')))
  const spec = await freeSpec()
  for (const host of [null, 'mail.example.org']) {
    const exposure = { ...(spec.exposure as object), host }
    const run = runUp(bed, serverOf({ ...spec, exposure }))
    await run.ready
    run.stop()
    await run.done
    assert.match(certificate().subjectAltName!, /DNS:_local\.test.*IP Address:127\.0\.0\.1/)
    assert.equal(certificate().subjectAltName!.includes('mail.example.org'), host !== null)
  }
  const key = readFileSync(join(bed.dataDir, 'secrets/chat-tls/tls.key'), 'utf8')
  assert.ok(key.startsWith('-----BEGIN PRIVATE KEY-----'))
})

test('a workload that ends is started again, later each time', async () => {
  bed.behaviour({ exits: { mail: [1, 70, null] } })
  const run = runUp(bed, serverOf(await freeSpec()))
  await run.ready
  assert.equal(bed.starts('mail').length, 3)
  assert.ok(
    run.progress.some((line) => /chat-mail ended with code 1 \(told to exit with 1\).*250 ms/.test(line)),
    run.progress.join('\n'),
  )
  assert.ok(run.progress.some((line) => /with code 70.*500 ms/.test(line)))
  process.kill(bed.starts('mail')[2]!.pid, 'SIGKILL')
  await until(() => bed.starts('mail').length === 4, 'a restart after a kill')
  run.stop()
  assert.equal(await run.done, 0)
})

test('a configuration error is not tried again: the reason is told and all is stopped', async () => {
  bed.behaviour({ exits: { mail: [78] } })
  const run = runUp(bed, serverOf(await freeSpec()))
  await assert.rejects(run.done, startError(78, /chat-mail did not start: told to exit with 78/))
  assert.equal(bed.starts('mail').length, 1)
  assert.equal(
    bed.starts().some(({ pid }) => isAlive(pid)),
    false,
  )
})

test('clients are told of the relay only while it works, in place', async () => {
  bed.behaviour({ exits: { turn: [null, 1, null] } })
  const run = runUp(bed, serverOf(await freeSpec()))
  await run.ready
  const [mail] = bed.starts('mail')
  const listed = (): number => JSON.parse(readFileSync(join(mail!.mounts, 'relays.json'), 'utf8')).turn.length
  assert.equal(listed(), 1)
  process.kill(bed.starts('turn')[0]!.pid, 'SIGKILL')
  await until(() => listed() === 0, 'the relay to be withdrawn')
  await until(() => listed() === 1, 'the relay to be listed again')
  assert.equal(bed.starts('mail').length, 1, 'mail went on')
  run.stop()
  await run.done
})

test('a second start on the same folder is refused and names the process', async () => {
  const first = runUp(bed, serverOf(await freeSpec()))
  await first.ready
  await assert.rejects(
    runUp(bed, serverOf(await freeSpec())).done,
    startError(69, new RegExp(`process id ${process.pid} runs on this data folder`)),
  )
  first.stop()
  assert.equal(await first.done, 0, 'the first is not disturbed')
})

test('a taken port is told with its field, and nothing is left half-written', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const spec = await freeSpec()
  const exposure = { ports: { ...(spec.exposure as { ports: object }).ports, imaps: port } }
  await assert.rejects(
    runUp(bed, serverOf({ ...spec, exposure })).done,
    startError(69, new RegExp(`TCP port ${port} .*taken.*spec\\.exposure\\.ports\\.imaps`)),
  )
  other.close()
  assert.equal(existsSync(bed.dataDir), false)
})

test('a data folder that cannot be made is told in words', async () => {
  writeFileSync(bed.dataDir, 'a file')
  await assert.rejects(runUp(bed, serverOf(await freeSpec())).done, startError(69, /EEXIST|ENOTDIR/))
})

test('one port for two purposes is told with both fields', async () => {
  const spec = await freeSpec()
  const ports = (spec.exposure as { ports: Record<string, number> }).ports
  const exposure = { ports: { ...ports, https: ports.imap } }
  await assert.rejects(
    runUp(bed, serverOf({ ...spec, exposure })).done,
    startError(78, /spec\.exposure\.ports\.imap and spec\.exposure\.ports\.https/),
  )
})

test('what an earlier run left behind after kill -9 is ended first', async () => {
  const spec = await freeSpec()
  const script = fileURLToPath(new URL('run-up.ts', import.meta.url))
  const words = [bed.command, bed.dataDir, spec].map((value) => JSON.stringify(value))
  const parent = spawn(process.execPath, [script, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(parent.stdout, 'data')
  const left = bed.starts().map(({ pid }) => pid)
  assert.equal(left.length, 3)
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  assert.ok(left.every(isAlive), 'they outlive their parent')
  const run = runUp(bed, serverOf(spec))
  await run.ready
  assert.equal(left.some(isAlive), false)
  assert.ok(
    run.progress.some((line) => /left behind: chat-iroh, chat-mail, chat-turn-local/.test(line)),
    run.progress.join('\n'),
  )
  run.stop()
  assert.equal(await run.done, 0)
})

test('a process that only has the number of one left behind is let alone', async () => {
  const pod = join(bed.dataDir, 'pods', 'chat-mail')
  mkdirSync(pod, { recursive: true })
  const stranger = spawn('sleep', ['30'])
  writeFileSync(join(pod, 'process.json'), JSON.stringify({ pid: stranger.pid, startTime: 'another time' }))
  const run = runUp(bed, serverOf(await freeSpec()))
  await run.ready
  assert.ok(isAlive(stranger.pid!))
  stranger.kill()
  run.stop()
  await run.done
})

/** What mail is to tell clients of the relay for real-time apps. */
const toldIroh = (): string | null => {
  const [mail] = bed.starts('mail')
  return JSON.parse(readFileSync(join(mail!.mounts, 'relays.json'), 'utf8')).iroh
}

test('clients are told of the relay for real-time apps only while a test through it succeeds', async () => {
  const tried: string[] = []
  bed.behaviour({ exits: { iroh: [null, 1, null] } })
  bed.proveIroh = async (url) => {
    tried.push(url)
    return { ok: true }
  }
  const run = runUp(bed, serverOf(await freeSpec()))
  const { irohUrl } = await run.ready
  assert.deepEqual(tried, [irohUrl])
  assert.equal(toldIroh(), irohUrl)
  process.kill(bed.starts('iroh')[0]!.pid, 'SIGKILL')
  await until(() => toldIroh() === null, 'the relay to be withdrawn')
  await until(() => toldIroh() === irohUrl, 'the relay to be told again')
  assert.equal(bed.starts('mail').length, 1, 'mail went on')
  run.stop()
  await run.done
})

test('a relay that does not work is not told, and a person is told why', async () => {
  bed.proveIroh = async () => ({ ok: false, step: 'connect', message: 'nothing listens' })
  const run = runUp(bed, serverOf(await freeSpec()))
  assert.equal((await run.ready).irohUrl, null)
  assert.equal(toldIroh(), null)
  assert.ok(run.progress.includes('Real-time apps have no relay. connect: nothing listens'))
  run.stop()
  await run.done
})

test('a relay of others is told once it works, and none is run; disabled, nothing is tried', async () => {
  const spec = await freeSpec()
  const tried: string[] = []
  bed.proveIroh = async (url) => {
    tried.push(url)
    return { ok: true }
  }
  for (const iroh of [{ mode: 'External', url: 'https://relay.example.org' }, { mode: 'Disabled' }]) {
    const run = runUp(bed, serverOf({ ...spec, iroh }))
    await run.ready
    if (iroh.mode === 'External') await until(() => toldIroh() === 'https://relay.example.org/', 'the URL')
    else assert.equal(toldIroh(), null)
    run.stop()
    await run.done
    bed.behaviour({})
  }
  assert.deepEqual(tried, ['https://relay.example.org/'])
  assert.equal(bed.starts('iroh').length, 0)
})

test('who does not stop in time is killed; a second request kills at once', async () => {
  bed.behaviour({ deaf: ['mail'] })
  const run = runUp(bed, serverOf(await freeSpec()))
  await run.ready
  run.stop()
  await until(() => !isAlive(bed.starts('turn')[0]!.pid), 'TURN to stop')
  assert.ok(isAlive(bed.starts('mail')[0]!.pid))
  run.stop(true)
  assert.equal(await run.done, 0)
  assert.equal(isAlive(bed.starts('mail')[0]!.pid), false)
})

test('a stop during the start ends it', async () => {
  bed.behaviour({ exits: { turn: Array(100).fill(1) } })
  const run = runUp(bed, serverOf(await freeSpec()))
  await until(() => bed.starts('turn').length > 0, 'the start of TURN')
  run.stop()
  assert.equal(await run.done, 0)
  assert.equal(bed.starts('mail').length, 0)
})

test('tokens and a certificate of the owner are read from the secrets folder', async () => {
  const spec = await freeSpec()
  const mail = { registration: { mode: 'Token', tokenSecretName: 'tokens' } }
  await assert.rejects(
    runUp(bed, serverOf({ ...spec, mail })).done,
    startError(78, /secrets\/tokens\/registration-tokens/),
  )
  const folder = join(bed.dataDir, 'secrets', 'tokens')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'registration-tokens'), 'one\ntwo\n')
  const run = runUp(bed, serverOf({ ...spec, mail }))
  await run.ready
  const { mounts } = bed.starts('mail')[0]!
  assert.equal(readFileSync(join(mounts, 'registration-tokens'), 'utf8'), 'one\ntwo\n')
  run.stop()
  await run.done
  await assert.rejects(
    runUp(bed, serverOf({ ...spec, tls: { source: 'Secret', secretName: 'own' } })).done,
    startError(78, /spec\.tls\.secretName/),
  )
})

test('a process is known by its number and its start', () => {
  const mine = { pid: process.pid, startTime: startTime(process.pid)! }
  assert.equal(isRunning(mine), true)
  assert.equal(isRunning({ ...mine, startTime: createHash('md5').digest('hex') }), false)
  assert.equal(startTime(2 ** 22 + 1), null)
})
