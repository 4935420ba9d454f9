/**
 * The relay that the makers of Iroh wrote, version 0.35, built by cargo from crates.io into the cache of this project the
 * first time: some minutes.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { selfSignedCertificate } from '../../../support/certificate.ts'
import { eventually } from '../../../support/eventually.ts'
import { findProgram } from '../../../support/oracle.ts'
import { freePorts } from '../../../support/ports.ts'
import { processTree } from '../../usage.ts'
import type { Found, Target } from '../target.ts'

const version = '0.35.0'
const root = join(import.meta.dirname, `../../../../.cache/bench/iroh-relay-${version}`)
const program = join(root, 'bin/iroh-relay')

const install = ['install', 'iroh-relay', '--version', version, '--features', 'server', '--locked', '--root', root]

/** Why it cannot be had, or null. */
const build = (): string | null => {
  if (existsSync(program)) return null
  const cargo = findProgram('cargo')
  if (!cargo) return 'cargo is missing: with it, the benchmark builds this relay itself'
  process.stderr.write(`Building iroh-relay ${version}; once, some minutes …\n`)
  const { status } = spawnSync(cargo, install, { stdio: ['ignore', 'ignore', 'inherit'] })
  return status === 0 ? null : 'cargo could not build it'
}

const config = (dir: string, http: number, https: number, metrics: number): string => `
enable_stun = false
http_bind_addr = "127.0.0.1:${http}"
metrics_bind_addr = "127.0.0.1:${metrics}"
[tls]
https_bind_addr = "127.0.0.1:${https}"
cert_mode = "Manual"
hostname = "localhost"
cert_dir = "${dir}"
manual_cert_path = "${join(dir, 'default.crt')}"
manual_key_path = "${join(dir, 'default.key')}"
`

/** With TLS the makers' relay serves nothing but a probe on its plain port, so there are two of them. */
const plainConfig = (http: number, metrics: number): string => `
enable_stun = false
http_bind_addr = "127.0.0.1:${http}"
metrics_bind_addr = "127.0.0.1:${metrics}"
`

const answers = async (url: URL): Promise<void> => {
  const { connect } = await import('node:net')
  await new Promise<void>((resolve, reject) => {
    const socket = connect(Number(url.port), '127.0.0.1', () => {
      socket.destroy()
      resolve()
    }).once('error', reject)
  })
}

const start = async (): Promise<Target> => {
  const dir = mkdtempSync(join(tmpdir(), 'iroh-relay-'))
  const [plain, redirect, https, metrics, otherMetrics] = (await freePorts(5)) as [
    number,
    number,
    number,
    number,
    number,
  ]
  const { cert, key } = await selfSignedCertificate(['localhost', '127.0.0.1'])
  writeFileSync(join(dir, 'default.crt'), cert)
  writeFileSync(join(dir, 'default.key'), key, { mode: 0o600 })
  writeFileSync(join(dir, 'plain.toml'), plainConfig(plain, metrics))
  writeFileSync(join(dir, 'tls.toml'), config(dir, redirect, https, otherMetrics))
  const processes = ['plain.toml', 'tls.toml'].map((file) =>
    spawn(program, ['-c', join(dir, file)], { stdio: 'ignore', env: { RUST_LOG: 'error' }, cwd: dir }),
  )
  const stop = async (): Promise<void> => {
    for (const child of processes) child.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  }
  const url = new URL(`http://127.0.0.1:${plain}/`)
  const secureUrl = new URL(`https://127.0.0.1:${https}/`)
  try {
    await eventually(() => Promise.all([answers(url), answers(secureUrl)]))
    return { url, secureUrl, pids: () => processes.flatMap(({ pid }) => processTree(pid!)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

export const irohRelay = (): Found => {
  const name = 'iroh-relay 0.35'
  const missing = build()
  if (missing) return { name, missing }
  return { name, version, setUp: 'release build, defaults, one process without TLS and one with it', start }
}
