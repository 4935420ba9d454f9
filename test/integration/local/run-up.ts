/** Runs `up` over fake workloads as a process of its own, to be killed: `node run-up.ts BEHAVIOUR-COMMAND DATA SPEC`, JSON each. */
import { up } from '../../../operator/local/up.ts'
import { serverOf } from './server.ts'

const [command, dataDir, spec] = process.argv.slice(2).map((text) => JSON.parse(text))

await up(
  serverOf(spec),
  { dataDir, address: '127.0.0.1', logs: 'log' },
  {
    pid: process.pid,
    command,
    env: { PATH: process.env.PATH },
    progress: () => {},
    onStop: () => {},
    onExit: () => {},
    proveIroh: async () => ({ ok: true }),
    resolve: async () => [],
  },
  async () => void process.stdout.write('ready\n'),
)
