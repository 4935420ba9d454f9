/**
 * The TURN keys of one machine: steps on real files with processes that load when the test says so, at times that the test
 * says; and one server as a person runs it, whose calls go on while its keys change.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { parse, stringify } from 'yaml'
import { layout } from '../../../operator/local/data/layout.ts'
import { SecretFolder } from '../../../operator/local/data/secrets.ts'
import { KeyKeeper } from '../../../operator/local/keys/keeper.ts'
import { type KeptKeys, keptKeys } from '../../../operator/local/keys/parts.ts'
import { readRequests, takeAnnotations, watchRequests, writeRequest } from '../../../operator/local/keys/requests.ts'
import { type KeysState, readKeysState } from '../../../operator/local/keys/state.ts'
import { type KeyParts, keepKeys, settleKeys } from '../../../operator/local/keys/step.ts'
import { revokeAnnotation } from '../../../operator/turnkeys/policy.ts'
import { UnreadableKeyring } from '../../../operator/turnkeys/step.ts'
import { turnPassword } from '../../../workloads/contract/credential.ts'
import { type Keyring, keyring, signingKey } from '../../../workloads/contract/keyring.ts'
import { mountedFiles } from '../../../workloads/contract/mounts.ts'
import { digestOf } from '../../../workloads/contract/state.ts'
import { Flow } from '../../support/cluster/flow.ts'
import { eventually } from '../../support/eventually.ts'
import { LocalServer, type ServerSummary } from '../../support/local-server.ts'
import { loginIn } from '../../support/mail-clients.ts'
import { allocateAndEcho } from '../../support/turn-client.ts'
import { serverOf } from './server.ts'

const day = 86_400
const start = 1_795_548_186
const skew = 300
const server = serverOf({ domain: '_local.test', turn: { credentials: { ttl: '5d', rotation: { interval: '30d' } } } })

/** A machine with a TURN and a mail process that load the ring given to them when they are told to. */
class Machine {
  readonly root = mkdtempSync(join(tmpdir(), 'chatmail-keys-'))
  readonly dirs = layout(this.root)
  now = start
  /** Text of the ring that was given to the processes, and what each has in force; null while it does not answer. */
  given: string | null = null
  turn: string | null = null
  mail: string | null = null
  readonly told: string[] = []

  /** As a start of the program makes them. */
  kept(): KeptKeys {
    const surroundings = { address: undefined, interfaces: {}, random: randomBytes, now: () => this.now * 1000 }
    return keptKeys(server, this.dirs, surroundings, (line) => this.told.push(line))
  }

  parts(): KeyParts {
    const digest = (ring: string | null) => (ring === null ? null : digestOf(ring))
    return {
      ...this.kept(),
      loaded: async () => ({ turn: [digest(this.turn)], mail: [digest(this.mail)] }),
      apply: async (ring) => {
        this.given = ring
      },
    }
  }

  load(...who: ('turn' | 'mail')[]): void {
    for (const each of who) this[each] = this.given
  }

  get file(): string {
    return new SecretFolder(this.dirs).path('chat-turn-keyring', mountedFiles.keyring)
  }

  get ring(): Keyring {
    return keyring.parse(JSON.parse(readFileSync(this.file, 'utf8')))
  }

  get state(): KeysState {
    return readKeysState(this.dirs)!
  }

  /** Steps, and has every process load, until nothing changes. */
  async settle(parts = this.parts()): Promise<void> {
    do this.load('turn', 'mail')
    while ((await keepKeys(parts)).changed)
  }

  /** A first start, with every process up. */
  async begin(): Promise<Keyring> {
    this.given = await settleKeys(this.kept())
    this.load('turn', 'mail')
    return this.ring
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

const ids = ({ keys }: Keyring): string[] => keys.map(({ id, role }) => `${id} ${role}`)

describe('steps on real files', () => {
  let machine: Machine
  beforeEach(() => {
    machine = new Machine()
  })
  afterEach(() => machine.remove())

  test('the first start makes a ring for the owner alone, and keeps it', async () => {
    const ring = await machine.begin()
    assert.deepEqual(ids(ring), ['k1 sign'])
    assert.equal(statSync(machine.file).mode & 0o777, 0o600)
    await machine.begin()
    assert.deepEqual(machine.ring, ring)
    assert.deepEqual(readdirSync(machine.root).sort(), ['keys', 'secrets'])
  })

  test('a key of age is replaced: introduced, switched, dropped, each when the processes have it', async () => {
    await machine.begin()
    const parts = machine.parts()
    assert.equal((await keepKeys(parts)).wakeMs, 30 * day * 1000, 'nothing before the interval is over')

    machine.now += 30 * day
    assert.equal((await keepKeys(parts)).changed, true)
    assert.deepEqual(ids(machine.ring), ['k2 verify', 'k1 sign'])
    for (let rounds = 0; rounds < 2; rounds++)
      assert.deepEqual([(await keepKeys(parts)).changed, machine.state.phase], [false, 'Introducing'], 'TURN lacks it')
    assert.ok((await keepKeys(parts)).wakeMs! < 1000, 'a process is looked at again soon')

    machine.load('turn')
    await keepKeys(parts)
    assert.deepEqual(ids(machine.ring), ['k2 sign', 'k1 verify'])
    machine.now += 40 * day
    await keepKeys(parts)
    assert.deepEqual(ids(machine.ring), ['k2 sign', 'k1 verify'], 'mail may still sign with the old one')

    machine.load('turn', 'mail')
    await keepKeys(parts)
    const life = 5 * day + skew
    assert.equal((await keepKeys(parts)).wakeMs, life * 1000)
    assert.equal(machine.state.oldKeyUntil, new Date((machine.now + life) * 1000).toISOString())
    machine.now += life - 1
    assert.equal((await keepKeys(parts)).changed, false)
    machine.now += 1
    await keepKeys(parts)
    assert.deepEqual(ids(machine.ring), ['k2 sign'])
    assert.deepEqual([machine.state.phase, machine.state.signingKeyId], ['Steady', 'k2'])
  })

  test('a clock that went back drops nothing and makes nothing', async () => {
    await machine.begin()
    machine.now += 30 * day
    await machine.settle()
    const switched = machine.ring
    assert.deepEqual(ids(switched), ['k2 sign', 'k1 verify'])
    for (const back of [1, day, 30 * day, 3000 * day]) {
      machine.now = start + 30 * day - back
      await machine.settle()
      assert.deepEqual(machine.ring, switched)
    }
    assert.match(machine.state.message, /clock/)
    machine.now = start + 36 * day
    await machine.settle()
    assert.deepEqual(ids(machine.ring), ['k2 sign'])
  })

  test('a crash before or after any write, and a restart: one rotation, and every credential that lives is verified', async () => {
    const places = ['write', 'wrote', 'apply', 'applied', 'tell'] as const
    const crash = new Error('crash')
    for (const place of places)
      for (let nth = 1; nth <= 4; nth++) {
        machine.remove()
        machine = new Machine()
        await machine.begin()
        const signed: { secret: string; expiry: number }[] = []
        let left = nth
        const dies = (here: (typeof places)[number]) => {
          if (here === place && --left === 0) throw crash
        }
        const mortal = (): KeyParts => {
          const parts = machine.parts()
          return {
            ...parts,
            ring: {
              read: parts.ring.read,
              write: (ring) => {
                dies('write')
                parts.ring.write(ring)
                dies('wrote')
              },
            },
            apply: async (ring) => {
              dies('apply')
              await parts.apply(ring)
              dies('applied')
            },
            tell: (state) => {
              dies('tell')
              parts.tell(state)
            },
          }
        }
        writeRequest(machine.dirs, 'rotate', 'now')
        for (let parts = mortal(), round = 0; round < 36; round++) {
          try {
            await keepKeys(parts)
          } catch (error) {
            assert.equal(error, crash)
            // Processes end with the program; the next start gives them what lies on the disk.
            machine.given = await settleKeys(machine.kept())
            machine.load('turn', 'mail')
            parts = mortal()
          }
          if (round % 2) machine.load('turn')
          if (round % 3 === 0) machine.load('mail')
          signed.push({
            secret: signingKey(JSON.parse(machine.mail!)).secret,
            expiry: machine.now + 5 * day,
          })
          const verified = (JSON.parse(machine.turn!) as Keyring).keys.map(({ secret }) => secret)
          for (const { secret, expiry } of signed)
            assert.ok(expiry <= machine.now || verified.includes(secret), `${place} ${nth}: a credential is refused`)
          machine.now += 4 * 3600
        }
        assert.equal(left <= 0 || nth > 1, true, `${place} is reached`)
        await machine.settle()
        assert.match(ids(machine.ring).join(), /^k2-\w+ sign$/, `${place} ${nth}`)
      }
  })

  test('requests: of the manifest and of the command, of both kinds, each answered once whatever is started again', async () => {
    await machine.begin()
    const seen: string[] = []
    const runs = async (annotations: { rotate?: string; revoke?: string }, days: number) => {
      takeAnnotations(machine.dirs, annotations)
      await machine.begin()
      for (let each = 0; each < days; each++) {
        await machine.settle()
        const { id } = signingKey(machine.ring)
        if (seen.at(-1) !== id) seen.push(id)
        machine.now += day / 8
      }
    }
    const asked = { rotate: '2026-11-23' }
    await runs({}, 1)
    await runs(asked, 56)
    await runs(asked, 1)
    writeRequest(machine.dirs, 'rotate', 'by command')
    await runs(asked, 56)
    await runs({ ...asked, revoke: 'leak' }, 2)
    writeRequest(machine.dirs, 'revoke', 'another leak')
    await runs({ ...asked, revoke: 'leak' }, 2)
    await runs({}, 2)
    assert.deepEqual(
      seen.map((id) => id.split('-')[0]),
      ['k1', 'k2', 'k3', 'k4', 'k5'],
    )
    assert.equal(machine.ring.revoked?.length, 2)
  })

  test('a revocation is in force before any process starts, and at once where they run', async () => {
    const [leaked] = (await machine.begin()).keys
    takeAnnotations(machine.dirs, { revoke: 'leak' })
    await settleKeys(machine.kept())
    assert.deepEqual(machine.ring.revoked, [leaked!.id])
    machine.turn = null
    writeRequest(machine.dirs, 'revoke', 'another')
    await keepKeys(machine.parts())
    assert.equal(machine.ring.keys.length, 1)
    assert.equal(machine.given, readFileSync(machine.file, 'utf8'), 'given to the processes')
  })

  test('a request during a rotation is told to wait, and answered after it', async () => {
    await machine.begin()
    writeRequest(machine.dirs, 'rotate', 'one')
    await machine.settle()
    assert.deepEqual(machine.state.open, [])
    writeRequest(machine.dirs, 'rotate', 'two')
    await machine.settle()
    assert.deepEqual([machine.state.open, machine.state.requests.rotate], [['rotate'], 'two'])
    machine.now += 6 * day
    await machine.settle()
    assert.deepEqual([machine.state.open, ids(machine.ring).length], [[], 2])
  })

  test('a ring that cannot be read is left as it is', async () => {
    await machine.begin()
    for (const rubbish of ['', '{', '{"generation":1,"keys":[]}']) {
      writeFileSync(machine.file, rubbish)
      await assert.rejects(keepKeys(machine.parts()), UnreadableKeyring)
      await assert.rejects(settleKeys(machine.kept()), UnreadableKeyring)
      assert.equal(readFileSync(machine.file, 'utf8'), rubbish)
    }
  })

  test('what is told holds no key', async () => {
    await machine.begin()
    const secrets = new Set<string>()
    for (const kind of ['rotate', 'revoke', 'rotate'] as const) {
      writeRequest(machine.dirs, kind, randomBytes(4).toString('hex'))
      await machine.settle()
      for (const { secret } of machine.ring.keys) secrets.add(secret)
    }
    assert.equal(secrets.size, 4)
    const written = [...machine.told, readFileSync(machine.dirs.keysState, 'utf8')].join('\n')
    assert.match(written, /Key k\d-\w+ signs/)
    for (const secret of secrets) assert.ok(!written.includes(secret))
  })

  test('the keeper steps when a request is written, when processes have loaded, and tells a failure once', async () => {
    await machine.begin()
    const failures: string[] = []
    let full = false
    const parts = machine.parts()
    const { write } = parts.ring
    parts.ring.write = (ring) => {
      if (full) throw new Error('no room')
      write(ring)
    }
    const keeper = new KeyKeeper(parts, ({ message }) => failures.push(message))
    const unwatch = watchRequests(machine.dirs, () => keeper.wake())
    try {
      keeper.start()
      writeRequest(machine.dirs, 'rotate', 'now')
      await eventually(() => assert.equal(machine.ring.keys.length, 2))
      assert.equal(signingKey(machine.ring).id, 'k1')
      machine.load('turn', 'mail')
      await eventually(() => assert.match(signingKey(machine.ring).id, /^k2-/))
      full = true
      writeRequest(machine.dirs, 'revoke', 'now')
      await eventually(() => assert.deepEqual(failures, ['no room']))
      keeper.wake()
      full = false
      keeper.wake()
      await eventually(() => assert.match(signingKey(machine.ring).id, /^k3-/))
      assert.deepEqual(failures, ['no room'])
    } finally {
      unwatch()
      await keeper.stop()
    }
    assert.deepEqual(readRequests(machine.dirs), { rotate: 'now', revoke: 'now' })
  })
})

const project = join(import.meta.dirname, '../../..')

/** Runs a program of this project to its end. */
const run = async (
  words: readonly string[],
  input = '',
): Promise<{ code: number | null; out: string; err: string }> => {
  const child = spawn(process.execPath, [...words], { cwd: project, env: { PATH: process.env.PATH } })
  child.stdin.end(input)
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await exited, out, err }
}

describe('a server that runs', () => {
  let local: LocalServer
  let summary: ServerSummary
  let flow: Flow

  before(async () => {
    ;({ server: local, summary } = await LocalServer.start({
      spec: { turn: { drain: { deadline: '1s' } }, iroh: { mode: 'Disabled' } },
    }))
  })
  after(async () => {
    flow?.kill()
    await local?.stop()
  })

  const ringFile = (): string =>
    join(local.dataDir, globSync('secrets/*-turn-keyring/keyring.json', { cwd: local.dataDir })[0]!)
  const ring = (): Keyring => keyring.parse(JSON.parse(readFileSync(ringFile(), 'utf8')))

  const keys = async (...words: string[]): Promise<KeysState> => {
    const { code, out, err } = await run([
      'operator/main.ts',
      'keys',
      ...words,
      '--data-dir',
      local.dataDir,
      '--output',
      'json',
    ])
    assert.equal(code, 0, err)
    for (const { secret } of ring().keys) assert.ok(!`${out}${err}`.includes(secret))
    return JSON.parse(out)
  }

  /** What a client is told at a login: `host:port:username:password`. */
  const turnValue = async (): Promise<string> => {
    const { user, pass } = loginIn(summary.invite)
    const { code, out, err } = await run(
      ['test/support/cluster/turn-value-program.ts'],
      ['127.0.0.1', local.ports.imaps, user, pass].join(' '),
    )
    assert.equal(code, 0, err)
    return out
  }

  const partsOf = (value: string) => {
    const [host, port, username, ...password] = value.split(':')
    return { host: host!, port: Number(port), username: username!, password: password.join(':') }
  }

  const signedWith = (value: string, { secret }: { secret: string }): boolean => {
    const { username, password } = partsOf(value)
    return turnPassword(secret, username) === password
  }

  /** Packets come back and refreshes are granted, from now on. */
  const goesOn = async (): Promise<void> => {
    const { echoed, refreshed } = flow.counts
    await flow.until((counts) => counts.echoed > echoed + 10 && counts.refreshed > refreshed)
    assert.deepEqual([flow.counts.lost, flow.counts.refused], [0, {}])
  }

  test('a new key on demand: the call goes on, its credential stays good, the next login gets the new key', async () => {
    const before = await turnValue()
    const [old] = ring().keys
    assert.ok(signedWith(before, old!))
    flow = await Flow.start([], { turn: before, rate: 50, refreshSeconds: 0.2 })
    assert.equal((await keys()).signingKeyId, 'k1')

    const state = await keys('rotate')
    assert.deepEqual([state.phase, state.open], ['Switched', []])
    await goesOn()
    await eventually(async () => assert.ok(signedWith(await turnValue(), signingKey(ring()))))
    const renewed = await turnValue()
    assert.ok(!signedWith(renewed, old!))
    for (const value of [before, renewed]) await allocateAndEcho(partsOf(value))
    assert.equal(local.stderr.includes(signingKey(ring()).secret), false)
    assert.match(local.stderr, /Keys for calls: Key k2-\w+ signs/)
  })

  test('when the time of the old key is over, the call goes on without it', async () => {
    const written = ring()
    const [signing, old] = written.keys
    const until = Math.floor(Date.now() / 1000) - 1
    writeFileSync(ringFile(), JSON.stringify({ ...written, keys: [signing, { ...old, until }] }))
    await keys('rotate')
    assert.ok(!ring().keys.some(({ id }) => id === 'k1'))
    await goesOn()
  })

  test('a revocation ends the calls of the keys that it names, not older ones; what clients get next works', async () => {
    const held = await turnValue()
    const ended = await Flow.start([], { turn: held, rate: 50, refreshSeconds: 0.2 })
    try {
      const state = await keys('revoke')
      assert.deepEqual([state.phase, ring().keys.length], ['Steady', 1])
      await ended.until(({ refused }) => Object.keys(refused).length > 0)
    } finally {
      ended.kill()
    }
    await goesOn()
    await assert.rejects(allocateAndEcho(partsOf(held)))
    await eventually(async () => assert.ok(signedWith(await turnValue(), signingKey(ring()))))
    await allocateAndEcho(partsOf(await turnValue()))
  })

  test('asked for while nothing runs, or in the manifest: the next start does it; a ring of rubbish is refused', async () => {
    flow.kill()
    await local.interrupt()
    const [before] = ring().keys
    const { code, err } = await run(['operator/main.ts', 'keys', 'rotate', '--data-dir', local.dataDir])
    assert.deepEqual([code, err], [0, 'No server runs on this folder: the next start makes the new key.\n'])
    const file = join(local.dir, 'server.yaml')
    const resource = parse(readFileSync(file, 'utf8'))
    resource.metadata.annotations = { [revokeAnnotation]: '2026-11-26' }
    writeFileSync(file, stringify(resource))
    await local.launch()
    assert.notEqual(signingKey(ring()).id, before!.id)
    assert.ok(ring().revoked!.includes(before!.id))
    assert.ok(signedWith(await turnValue(), signingKey(ring())))
    await local.interrupt()
    writeFileSync(ringFile(), 'rubbish')
    await assert.rejects(local.launch(), /ended with 78:.*keyring\.json: not a key ring\. Put it back/s)
  })
})
