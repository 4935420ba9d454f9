/** `spec.turn`: the relay for calls. */
import { z } from 'zod'
import { hostName, port } from '../names.ts'
import { durationOfDays, durationOrZero } from '../quantities.ts'
import { section } from '../rules.ts'
import { imageReference, nodeSelector, resources, tolerations } from './pods.ts'

const isAddress = (text: string): boolean => z.union([z.ipv4(), z.ipv6()]).safeParse(text).success
const isPrefix = (text: string): boolean => z.union([z.cidrv4(), z.cidrv6()]).safeParse(text).success

/** An address of a family each; which one it is, `isIP` says. */
const address = z
  .string()
  .max(45)
  .refine(isAddress, 'an IPv4 or IPv6 address')
  .meta({ 'x-kubernetes-validations': [{ rule: 'isIP(self)', message: 'an IPv4 or IPv6 address' }] })

const prefix = z
  .string()
  .max(49)
  .refine((text) => isAddress(text) || isPrefix(text), 'an address or a prefix, such as 203.0.113.7 or 10.0.0.0/8')
  .meta({
    'x-kubernetes-validations': [
      { rule: 'isIP(self) || isCIDR(self)', message: 'an address or a prefix, such as 203.0.113.7 or 10.0.0.0/8' },
    ],
  })

const nat64Allowed = 'an IPv6 prefix of 32, 40, 48, 56, 64 or 96 bits, such as 2001:db8:64::/96'

/** RFC 6052 §2.2: the lengths that a translator's prefix may have. */
const nat64Prefix = z
  .string()
  .max(43)
  .regex(/^[0-9A-Fa-f:]+\/(32|40|48|56|64|96)$/, nat64Allowed)
  .refine(isPrefix, nat64Allowed)
  .meta({ 'x-kubernetes-validations': [{ rule: 'isCIDR(self)', message: nat64Allowed }] })

const relayPorts = section(
  'UDP ports that media goes through, one for each side of a call. They must be open from outside.',
  {
    min: z.int().min(1024).max(65535).default(49152).describe('First port of the range.'),
    max: z.int().min(1024).max(65535).default(65535).describe('Last port of the range.'),
  },
  [
    {
      cel: 'self.min <= self.max',
      message: 'relayPorts.max is not below relayPorts.min',
      field: ['max'],
      holds: (self) => self.min <= self.max,
    },
  ],
)

const publicAddress = section(
  'The address under which clients reach the relay. An internal address is never told to clients unless it is given here.',
  {
    source: z
      .enum(['Auto', 'Node', 'Static'])
      .default('Auto')
      .describe(
        'Auto: the node annotation chatmail.dev/public-address, then the ExternalIP of the node, then its InternalIP where that is a public address. Node: the annotation alone. Static: the addresses given.',
      ),
    addresses: z
      .array(address)
      .max(16)
      .default([])
      .describe('Addresses for source Static, IPv4 and IPv6; the relay on the first node has the first of each.'),
    proof: z
      .enum(['Required', 'Skip'])
      .default('Required')
      .describe(
        'Required: clients are told of a relay only while the operator reaches it through its public address and has a datagram relayed. Skip: where the operator cannot reach public addresses from inside the cluster, a relay is told as soon as its pod is ready.',
      ),
  },
  [
    {
      cel: "self.source != 'Static' || size(self.addresses) > 0",
      message: 'publicAddress.source Static needs at least one address',
      field: ['addresses'],
      holds: (self) => self.source !== 'Static' || self.addresses.length > 0,
    },
  ],
)

const credentials = section('The credentials that clients are given.', {
  ttl: durationOfDays
    .default('5d')
    .describe(
      'How long a credential is valid. Clients ask for a new one 12 hours before the end, so it is at least a day.',
    ),
  rotation: section('How the key that signs credentials is replaced. Calls are not ended by it.', {
    interval: durationOfDays.default('30d').describe('Time between two keys.'),
  }),
})

const limits = section('What the relay gives out. A client that is refused still calls directly.', {
  allocations: z.int().min(1).max(65535).default(2000).describe('Relayed addresses of one pod at a time.'),
  allocationsPerCredential: z
    .int()
    .min(1)
    .max(65535)
    .default(10)
    .describe('Relayed addresses of one credential at a time.'),
  allocationsPerIP: z
    .int()
    .min(1)
    .max(65535)
    .default(50)
    .describe('Relayed addresses of one client address at a time.'),
  bandwidth: z
    .int()
    .min(1024)
    .max(10000000000)
    .nullable()
    .default(null)
    .describe('Bytes per second of one relayed address in each direction; without it, unlimited.'),
  bandwidthTotal: z
    .int()
    .min(1024)
    .max(1000000000000)
    .nullable()
    .default(null)
    .describe('Bytes per second of all relayed addresses of a pod in each direction; without it, unlimited.'),
})

const peers = section(
  'Whom the relay may send to. Private, loopback, link-local and other special ranges are denied by default, so that nobody reaches the inside of your network through the relay.',
  {
    deny: z.array(prefix).max(256).default([]).describe('Addresses and prefixes to deny on top of the built-in list.'),
    allow: z.array(prefix).max(256).default([]).describe('Addresses and prefixes to allow in spite of both lists.'),
    nat64: z
      .array(nat64Prefix)
      .max(16)
      .default([])
      .describe(
        'Prefixes under which a translator of your network (NAT64) reaches IPv4 addresses, besides 64:ff9b::/96 and what the DNS tells of them (RFC 7050). An IPv4 address that is denied is so in that form too.',
      ),
  },
)

const coturn = section('What engine Coturn needs besides.', {
  image: imageReference.describe(
    "Image with coturn beside the program of this project. Where it is not given: the image of the server's other pods with -coturn after its tag, such as registry.example.org/chatmail-operator:1.2.3-coturn. It has to be given where that image is named by a digest.",
  ),
})

export const turn = section(
  'The TURN relay, which carries calls when two clients cannot reach each other directly.',
  {
    enabled: z
      .boolean()
      .default(true)
      .describe(
        'False: calls are direct only, and clients are told so that they do not turn to a server of somebody else.',
      ),
    engine: z
      .enum(['Builtin', 'Coturn'])
      .default('Builtin')
      .describe(
        'The server program. Builtin: the one of this project. Coturn: coturn 4.6 or newer, for very many calls on one node; it knows no limit per address, lets clients reach every UDP port of the node itself, and ends every call on the relay when a key is revoked. On one machine it must be installed (Debian: apt-get install coturn).',
      ),
    coturn,
    replicas: z.int().min(1).max(100).default(1).describe('Number of TURN pods, each on a node of its own.'),
    nodeSelector: nodeSelector('TURN pods'),
    tolerations: tolerations('TURN pods'),
    resources: resources('a TURN pod', { cpu: '100m', memory: '96Mi', memoryLimit: '512Mi' }),
    workers: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe(
        'Threads that relay, on one port, for engine Builtin: one for each core that calls are to use. Each takes some 12 MiB more memory. More than a CPU limit or the node has cores only take turns. Coturn takes one for each core by itself.',
      ),
    exposure: z
      .enum(['HostNetwork', 'LoadBalancer'])
      .default('HostNetwork')
      .describe("HostNetwork: the ports are the node's own. LoadBalancer: clients connect through a Service."),
    port: port.default(3478).describe('UDP port that clients connect to.'),
    relayPorts,
    publicAddress,
    hostname: hostName
      .nullable()
      .default(null)
      .describe('Name that clients are told instead of the address; needed for IPv6, where it has an AAAA record.'),
    credentials,
    forceRelayOnly: z
      .boolean()
      .default(false)
      .describe(
        'For finding faults: the relay leaves STUN Binding requests unanswered, so that clients learn no public address of their own. Behind different NATs a call then goes through the relay; within one network clients still find each other directly.',
      ),
    limits,
    peers,
    drain: section('How a TURN pod stops.', {
      deadline: durationOrZero
        .default('1h')
        .describe('How long running calls may go on after the pod was told to stop.'),
    }),
  },
  [
    {
      cel: 'self.port < self.relayPorts.min || self.port > self.relayPorts.max',
      message: 'turn.port lies outside of turn.relayPorts',
      field: ['port'],
      holds: (self) => self.port < self.relayPorts.min || self.port > self.relayPorts.max,
    },
    {
      cel: "self.engine != 'Coturn' || self.workers == 1",
      message: 'turn.workers is for engine Builtin: Coturn starts a thread for each core by itself',
      field: ['workers'],
      holds: (self) => self.engine !== 'Coturn' || self.workers === 1,
    },
  ],
)
