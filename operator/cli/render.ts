/** The command `render`: the objects that a server consists of, as YAML. */
import { networkInterfaces } from 'node:os'
import { stringify } from 'yaml'
import { exitCodes } from '../../workloads/contract/exit-codes.ts'
import { problemLine } from '../../workloads/contract/problems.ts'
import { StartError } from '../../workloads/contract/start-error.ts'
import type { ChatmailServer } from '../api/chatmail-server.ts'
import { unsupported } from '../api/support.ts'
import { isIpv4, lanAddress, listening } from '../local/host/addresses.ts'
import { type Facts, outsideACluster, type Platform, type TurnNode } from '../render/facts.ts'
import { render } from '../render/index.ts'
import { names } from '../render/names.ts'
import type { CommandContext } from './context.ts'
import { readManifest } from './manifest.ts'

export type RenderFlags = { file: string; platform: Platform; image: string; node: string[] }

/** Stands for what is made at the first start and kept; no secret is printed. */
const secretText = '(made at the first start and kept)'

/** `NAME=ADDRESS` of a node that runs a TURN pod. */
const clusterNode = (text: string): TurnNode => {
  const [hostname = '', address = ''] = text.split('=')
  if (!hostname || !isIpv4(address))
    throw new StartError(`--node ${text}: NAME=ADDRESS is wanted, with an IPv4 address`, exitCodes.usage)
  const name = hostname.replace(/[^a-z0-9-]/g, '-')
  return { name, hostname, listen: [address], ipv4: address, ipv6: null, publicIpv4: null, publicIpv6: null }
}

const factsOf = (server: ChatmailServer, { platform, image, node }: RenderFlags): Facts => {
  const { spec } = server
  const interfaces = networkInterfaces()
  const address = lanAddress(interfaces)
  const local = platform === 'local'
  const listen = listening(address, interfaces)
  const ownSecret = spec.tls.source === 'Secret'
  return {
    platform,
    image,
    publicHost: spec.exposure.host ?? (local ? address : spec.domain.replace(/^\[|\]$/g, '')),
    listenAddress: local ? listen.mail : '::',
    managementAddress: local ? '127.0.0.1' : '::',
    certificate: {
      issuer: null,
      secretName: ownSecret ? spec.tls.secretName! : names.certificate(server),
      pem: ownSecret || !local ? null : { crt: secretText, key: secretText },
      selfSigned: local || spec.tls.source === 'SelfSigned',
    },
    keyring: secretText,
    managementToken: secretText,
    turnNodes: local ? [listen.turn] : node.map(clusterNode),
    turnEndpoints: [],
    irohUrl: null,
    ...outsideACluster,
    monitoringKinds: new Set(spec.monitoring.podMonitor === 'Enabled' ? ['PodMonitor', 'PrometheusRule'] : []),
  }
}

/** Resolves to the exit code. @throws StartError */
export const runRender = async (flags: RenderFlags, { stdout }: CommandContext): Promise<number> => {
  const server = readManifest(flags.file)
  const problems = unsupported(server.spec, flags.platform)
  if (problems.length) throw new StartError(problems.map(problemLine).join('\n'), exitCodes.config)
  const objects = render(server, factsOf(server, flags))
  stdout.write(objects.map((object) => stringify(object, { lineWidth: 0 })).join('---\n'))
  return exitCodes.ok
}
