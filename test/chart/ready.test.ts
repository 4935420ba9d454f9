import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { needsHelm, only, rendered } from './chart.ts'

type TestPod = { spec: { containers: [{ command: string[]; args: string[] }] } }

test('the pod of `helm test` asks until the operator is ready', needsHelm, async () => {
  const answers = [503, 200]
  const asked: string[] = []
  const operator = createServer(({ url }, response) => {
    asked.push(url!)
    response.writeHead(answers.shift()!).end()
  }).listen(0, '127.0.0.1')
  await once(operator, 'listening')
  const { command, args } = (only(rendered(), 'Pod') as unknown as TestPod).spec.containers[0]
  const [script = ''] = args
  const service = 'chatmail-operator.chatmail-system:9650'
  assert.ok(script.includes(service))
  const here = script.replace(service, `127.0.0.1:${(operator.address() as AddressInfo).port}`)
  const [program, ...words] = command
  assert.equal(program, 'node')
  const pod = spawn(process.execPath, [...words, here], { stdio: 'ignore' })
  const [code] = await once(pod, 'exit')
  operator.close()
  assert.equal(code, 0)
  assert.deepEqual(asked, ['/readyz', '/readyz'])
})
