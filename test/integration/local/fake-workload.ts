/**
 * Stands for a workload: `node fake-workload.ts BEHAVIOUR NAME --mounts DIR --data DIR`. Serves the management port of its
 * config.yaml, follows its mounts, and misbehaves as the file BEHAVIOUR says. Each start adds a line to BEHAVIOUR.starts.
 */
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'

export type Behaviour = {
  /** Exit code of each start, by workload and number of the start; null or missing: it runs. */
  exits?: Record<string, (number | null)[]>
  /** Workloads that do not stop for SIGTERM. */
  deaf?: string[]
}

export type Start = { name: string; pid: number; mounts: string; data: string; env: string[]; files: string[] }

const [behaviourFile, name, , mounts, , data] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
]
const { exits = {}, deaf = [] }: Behaviour = JSON.parse(readFileSync(behaviourFile, 'utf8'))

const starts = `${behaviourFile}.starts`
const earlier = existsSync(starts)
  ? readFileSync(starts, 'utf8')
      .trim()
      .split('\n')
      .filter((line) => (JSON.parse(line) as Start).name === name).length
  : 0
const start: Start = {
  name,
  pid: process.pid,
  mounts,
  data,
  env: Object.keys(process.env).sort(),
  files: readdirSync(mounts).filter((file) => !file.startsWith('..')),
}
appendFileSync(starts, `${JSON.stringify(start)}\n`)

const code = exits[name]?.[earlier] ?? null
if (code !== null) {
  process.stderr.write(`${JSON.stringify({ level: 'fatal', reason: `told to exit with ${code}` })}\n`)
  process.exit(code)
}

if (deaf.includes(name)) process.on('SIGTERM', () => {})

const read = (file: string): string => readFileSync(join(mounts, file), 'utf8')
const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)
const { management } = JSON.parse(read('config.yaml'))

const state = () => ({
  workload: name,
  ready: true,
  draining: false,
  counts: {},
  loaded: existsSync(join(mounts, 'relays.json')) ? { 'relays.json': { digest: digest(read('relays.json')) } } : {},
})

createServer((request, response) => {
  const guarded = request.url === '/state'
  if (guarded && request.headers.authorization !== `Bearer ${read('management-token').trim()}`)
    return response.writeHead(401).end()
  response.end(guarded ? JSON.stringify(state()) : 'ok')
}).listen(management.port, management.address)
