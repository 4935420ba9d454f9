/**
 * Makes the recordings beside this file anew: `sh hack/node test/integration/iroh/recorded/record.ts`. It starts itself
 * again where UDP goes nowhere, so that everything goes through the relay.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type IrohLibrary, irohLibraries } from '../../../support/iroh-clients.ts'
import { startIroh } from '../../../support/iroh-process.ts'
import { Recorder } from '../../../support/iroh-recording.ts'
import { runInNamespace } from '../../../support/namespace.ts'

const record = async ({ name, open }: IrohLibrary): Promise<void> => {
  const relay = await startIroh()
  const recorder = new Recorder(Number(relay.url.port))
  const url = `http://127.0.0.1:${await recorder.listen()}/`
  const [one, two] = [await open(url), await open(url)]
  const [there] = await Promise.all([one.connect(two.id), two.connect(one.id)])
  await there.echo(Buffer.alloc(300, 1))
  there.sendDatagram(Buffer.from('datagram'))
  await there.readDatagram()
  const said = structuredClone(recorder.said)
  await Promise.all([one.close(), two.close()])
  recorder.close()
  await relay.stop()
  const file = join(import.meta.dirname, `${name.toLowerCase().replaceAll(/[ .]/g, '-')}.json`)
  writeFileSync(file, `${JSON.stringify({ library: name, said }, null, 1)}\n`)
  console.log(`${name}: ${said.length} pieces`)
}

if (process.argv.includes('--inside')) {
  for (const library of irohLibraries) await record(library)
  process.exit(0)
}
console.log(await runInNamespace({ udp: false }, import.meta.filename, ['--inside']))
