/** The program as the image holds it: one bundle, started without a shell, with all of its threads. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Metafile } from 'esbuild'
import { writeProgram } from '../../../hack/image/bundle.ts'
import { imageConfig } from '../../../hack/image/config.ts'
import { workloadNodeFlags } from '../../../workloads/contract/workload-process.ts'
import { MailProcess } from '../../support/mail-process.ts'
import { newTurnSecret } from '../../support/turn-process.ts'

const project = join(import.meta.dirname, '../../..')
const run = (...args: string[]): string => execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8' })

/** The sources that come with a part: those of its file, and of all files that this one imports at once. */
const loadedWith = ({ outputs }: Metafile, entryPoint: string): string[] => {
  const [first] = Object.keys(outputs).filter((path) => outputs[path]!.entryPoint === entryPoint)
  const files = new Set([first!])
  for (const file of files)
    for (const { path, kind, external } of outputs[file]!.imports)
      if (kind === 'import-statement' && !external) files.add(path)
  return [...files].flatMap((file) => Object.keys(outputs[file]!.inputs))
}

describe('the bundle of the image', () => {
  let root: string
  let program: string
  let metafile: Metafile

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'chatmail-image-'))
    program = join(root, 'app/chatmail')
    metafile = await writeProgram(root)
  })
  after(() => rmSync(root, { recursive: true, force: true }))

  test('the kernel starts it by its first line, with the flags of a workload', () => {
    const [first] = readFileSync(program, 'utf8').split('\n')
    assert.equal(first, `#!/usr/local/bin/node ${workloadNodeFlags.join(' ')}`)
    assert.equal(readlinkSync(join(root, 'usr/local/bin/chatmail')), '/app/chatmail')
  })

  test('it renders what the sources render', () => {
    const words = ['render', '-f', 'crds/samples/minimal.yaml', '--platform', 'cluster', '--node', 'node1=192.0.2.1']
    assert.equal(run(program, ...words), run('operator/main.ts', ...words))
  })

  test('mail becomes ready, with the thread that writes, and stops in order', async () => {
    const mail = await MailProcess.start({ program })
    try {
      assert.match(await mail.management('/metrics'), /chatmail_/)
      assert.equal(await mail.kill('SIGTERM'), 0)
    } finally {
      await mail.stop()
    }
  })

  test('the page for a call between two tabs comes with it', async () => {
    const sources = join(project, 'workloads/turn/client/page')
    const secret = join(root, 'secret')
    writeFileSync(secret, newTurnSecret())
    const words = ['turn', 'page', '--server', '127.0.0.1:3478', '--secret-file', secret]
    const served = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const [said] = await once(served.stdout, 'data')
      const url = /http:\S+/.exec(String(said))![0]
      for (const name of readdirSync(sources).filter((file) => file !== 'serve.ts')) {
        const answer = await fetch(new URL(name === 'index.html' ? '/' : name, url))
        assert.equal(await answer.text(), readFileSync(join(sources, name), 'utf8'), name)
      }
    } finally {
      served.kill()
      await once(served, 'exit')
    }
  })

  test('a workload loads nothing of the operator or of another workload', () => {
    for (const [workload, others] of [
      ['turn', /^(operator|node_modules\/(@kubernetes|express|smtp-server))|^workloads\/(mail|iroh)/],
      ['mail', /^(operator|node_modules\/@kubernetes)|^workloads\/(turn|iroh)/],
    ] as const)
      assert.deepEqual(
        loadedWith(metafile, `workloads/${workload}/main.ts`).filter((path) => others.test(path)),
        [],
      )
  })

  test('the Dockerfile gives the same environment', () => {
    const dockerfile = readFileSync(join(project, 'Dockerfile'), 'utf8')
    const said = [...dockerfile.matchAll(/^ENV (.*)$/gm)].map(([, line]) => line)
    assert.deepEqual(said, imageConfig.Env)
    assert.match(dockerfile, new RegExp(`^USER ${imageConfig.User}$`, 'm'))
  })
})
