/** `spec`: everything that a person says about a server. Every field but `domain` has a default. */
import { z } from 'zod'
import { domainName, port } from '../names.ts'
import { requiredSection, section } from '../rules.ts'
import { exposure, tls } from './exposure.ts'
import { iroh } from './iroh.ts'
import { mail } from './mail.ts'
import { image, imagePullPolicy, imagePullSecrets } from './pods.ts'
import { turn } from './turn.ts'

const privacy = section('What is written down about users.', {
  noLog: z
    .boolean()
    .default(true)
    .describe(
      'True: no address, user name, IP address or credential is ever logged. False is for finding faults on a test server.',
    ),
})

const whereInstalled = (what: string) =>
  z.enum(['Auto', 'Enabled', 'Disabled']).default('Auto').describe(`${what} Auto: where the cluster has what it needs.`)

const monitoring = section('What monitoring finds.', {
  podMonitor: whereInstalled('Whether a PodMonitor for the Prometheus operator is made.'),
  dashboards: whereInstalled('Whether Grafana dashboards are made as ConfigMaps.'),
  ports: section('Ports of health, metrics and state; they are not for users.', {
    mail: port
      .nullable()
      .default(null)
      .describe('Of mail. Where it is not given: 9640 in a cluster, 2900 on one machine.'),
    turn: port
      .nullable()
      .default(null)
      .describe('Of TURN. Where it is not given: 9641 in a cluster, 2901 on one machine.'),
    iroh: port
      .nullable()
      .default(null)
      .describe('Of the Iroh relay. Where it is not given: 9642 in a cluster, 2902 on one machine.'),
  }),
})

export const spec = requiredSection(
  'What the server should be.',
  {
    domain: domainName.describe(
      'What mail addresses of this server end with. It cannot be changed later. A DNS name, a name with a leading _ for a server with a self-signed certificate, or an IPv4 address in brackets.',
    ),
    paused: z.boolean().default(false).describe('True: the operator leaves everything of this server as it is.'),
    deletionPolicy: z
      .enum(['Retain', 'Delete'])
      .default('Retain')
      .describe('What happens to the mail volume and the keys when this resource is deleted.'),
    image,
    imagePullPolicy,
    imagePullSecrets,
    mail,
    tls,
    exposure,
    turn,
    iroh,
    privacy,
    monitoring,
  },
  [],
  [{ cel: 'self.domain == oldSelf.domain', message: 'domain cannot be changed: addresses would no longer exist' }],
)
