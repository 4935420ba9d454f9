/** Every command of `chatmail`: words, options, examples and what it runs. Each loads its part only when it is called. */
import { InvalidArgumentError, Option } from 'commander'
import { isIpv4 } from '../local/host/addresses.ts'
import { type Command, required } from './command.ts'
import { type IrohTestFlags, relayUrl } from './iroh/test.ts'
import type { KeysFlags } from './keys.ts'
import type { OperatorFlags } from './operator.ts'
import type { RenderFlags } from './render.ts'
import { turnTools } from './turn/commands.ts'
import type { UpFlags } from './up.ts'

const ipv4 = (text: string): string => {
  if (!isIpv4(text)) throw new InvalidArgumentError('An IPv4 address is wanted, such as 192.168.1.10.')
  return text
}

const portNumber = (text: string): number => {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port
  throw new InvalidArgumentError('A port from 1 to 65535 is wanted.')
}

const seconds = (text: string): number => {
  const value = Number(text)
  if (value > 0 && value <= 3600) return value
  throw new InvalidArgumentError('A number of seconds up to 3600 is wanted.')
}

/** How long a proof of the relay for real-time apps may take. */
const irohProofMs = 10_000

const manifest = (): Option => required('-f, --file <file>', 'the ChatmailServer to use, as YAML; - is standard input')

const workloadOptions = (): Option[] => [
  required('--mounts <dir>', 'the folder of mounted files'),
  required('--data <dir>', 'the folder for data'),
]

const keysOptions = (): Option[] => [
  required('--data-dir <dir>', 'the data folder of the server, as `up` has it'),
  new Option('--output <form>', 'json: one line on standard output').choices(['human', 'json']).default('human'),
]

const keyRequest = (kind: 'rotate' | 'revoke', summary: string): Command => ({
  name: kind,
  summary,
  options: keysOptions,
  examples: [`chatmail keys ${kind} --data-dir chatmail-data/local`],
  run: async (flags: KeysFlags, context) => (await import('./keys.ts')).runKeyRequest(kind, flags, context),
})

type WorkloadFlags = { mounts: string; data: string }
type WorkloadEntry = { run: (options: { mountsDir: string; dataDir: string }) => Promise<never> }

const workload = (
  name: string,
  summary: string,
  load: () => Promise<WorkloadEntry>,
  below: readonly Command[] = [],
): Command => ({
  name,
  summary,
  options: workloadOptions,
  commands: below,
  examples: [`chatmail ${name} --mounts /etc/chatmail --data /var/lib/chatmail`],
  run: async ({ mounts, data }: WorkloadFlags) => (await load()).run({ mountsDir: mounts, dataDir: data }),
})

export const commands: readonly Command[] = [
  {
    name: 'up',
    summary: 'run a server on this machine until it is told to stop',
    options: () => [
      manifest(),
      new Option('--data-dir <dir>', 'where its data lies (default: chatmail-data/<name> in the current folder)'),
      new Option(
        '--address <address>',
        "IPv4 address that clients use (default: this machine's in its network); a loopback address keeps the server to this machine",
      ).argParser(ipv4),
      new Option(
        '--output <form>',
        'json: one line on standard output once it is ready, everything else on standard error',
      )
        .choices(['human', 'json'])
        .default('human'),
    ],
    examples: [
      'chatmail up -f crds/samples/local.yaml',
      'chatmail up -f server.yaml --data-dir /srv/chatmail --address 192.168.1.10',
      'chatmail up -f server.yaml --address 127.0.0.1 --output json',
    ],
    run: async (flags: UpFlags, context) => {
      const { runUp } = await import('./up.ts')
      return runUp(flags, context, async (url, signal) => {
        const { proveRelay } = await import('../../workloads/iroh/client/prove.ts')
        return proveRelay({ url, signal, timeoutMs: irohProofMs })
      })
    },
  },
  {
    name: 'keys',
    summary: 'where the keys for calls of a server on this machine stand; below it, to have a new one',
    options: keysOptions,
    examples: ['chatmail keys --data-dir chatmail-data/local'],
    run: async (flags: KeysFlags, context) => (await import('./keys.ts')).runKeys(flags, context),
    commands: [
      keyRequest('rotate', 'a new key; calls go on, and what clients hold is good until it expires'),
      keyRequest('revoke', 'after a leak: every old key goes at once, and the calls made with it end'),
    ],
  },
  {
    name: 'render',
    summary: 'print the objects that a server consists of; nothing is started or changed',
    options: () => [
      manifest(),
      new Option('--platform <platform>', 'where it is to run').choices(['local', 'cluster']).default('local'),
      new Option('--image <image>', 'container image').default('chatmail-operator:latest'),
      new Option(
        '--node <name=address...>',
        'a node for a TURN pod and its IPv4 address, for --platform cluster',
      ).default([]),
    ],
    examples: [
      'chatmail render -f crds/samples/local.yaml',
      'chatmail render -f crds/samples/minimal.yaml --platform cluster --node node1=203.0.113.11',
    ],
    run: async (flags: RenderFlags, context) => (await import('./render.ts')).runRender(flags, context),
  },
  {
    name: 'operator',
    summary: 'look after the ChatmailServers of a cluster; the chart starts it',
    options: () => [
      required('--image <image>', "image of the workloads, where a ChatmailServer names none; the operator's own"),
      new Option('--namespace <namespace...>', 'look after these namespaces alone').default([]),
      new Option('--leader-election-namespace <namespace>', 'where the Lease is (default: the namespace of this pod)'),
      new Option('--no-leader-election', 'run alone, as on the machine of a developer'),
      new Option('--listen <port>', 'port of health and metrics').argParser(portNumber).default(9650),
      new Option('--kubeconfig <file>', 'how to reach the cluster (default: KUBECONFIG, or the service account)'),
      new Option('--log-level <level>', 'how much is logged')
        .choices(['fatal', 'error', 'warn', 'info', 'debug', 'trace'])
        .default('info'),
    ],
    examples: [
      'chatmail operator --image registry.example.org/chatmail-operator:1.0.0',
      'chatmail operator --image localhost/chatmail-operator:dev --no-leader-election --kubeconfig ~/.kube/config',
    ],
    run: async (flags: OperatorFlags, context) => {
      const [{ runOperator }, turn, iroh, { createLogger }] = await Promise.all([
        import('./operator.ts'),
        import('../../workloads/turn/client/prove.ts'),
        import('../../workloads/iroh/client/prove.ts'),
        import('../../workloads/kit/log/logger.ts'),
      ])
      return runOperator(flags, context, {
        proveRelay: turn.proveRelay,
        proveIroh: iroh.proveRelay,
        log: createLogger({ workload: 'operator', noLog: true, level: flags.logLevel }),
      })
    },
  },
  workload(
    'mail',
    'run the mail workload; the operator and `up` start it',
    () => import('../../workloads/mail/main.ts'),
  ),
  workload(
    'turn',
    'run the TURN workload; the operator and `up` start it',
    () => import('../../workloads/turn/main.ts'),
    turnTools,
  ),
  workload(
    'coturn',
    'run the TURN workload with coturn as its engine; the operator and `up` start it',
    () => import('../../workloads/turn/coturn/main.ts'),
  ),
  workload(
    'iroh',
    'run the Iroh relay workload; the operator and `up` start it',
    () => import('../../workloads/iroh/main.ts'),
    [
      {
        name: 'test',
        summary: 'find out whether a relay for real-time apps works, step by step',
        options: () => [
          required('--url <url>', "the relay's URL, as clients are told it").argParser(relayUrl),
          new Option('--timeout <seconds>', 'how long each step may take').argParser(seconds).default(10),
          new Option('--output <form>', 'json: one line on standard output')
            .choices(['human', 'json'])
            .default('human'),
        ],
        examples: [
          'chatmail iroh test --url https://chat.example.org',
          'chatmail iroh test --url http://192.0.2.10:3340 --output json',
        ],
        run: async (flags: IrohTestFlags, context) => {
          const [{ runIrohTest }, client] = await Promise.all([
            import('./iroh/test.ts'),
            import('../../workloads/iroh/client/prove.ts'),
          ])
          return runIrohTest(flags, context, client)
        },
      },
    ],
  ),
]
