/** `spec.exposure` and `spec.tls`: how clients reach the mail server, and what it proves itself with. */
import { z } from 'zod'
import { hostName, objectName, port } from '../names.ts'
import { boundedMap, section } from '../rules.ts'

const standard = (purpose: string, cluster: string, local: string) =>
  port
    .nullable()
    .default(null)
    .describe(`Port for ${purpose}. Where it is not given: ${cluster} in a cluster, ${local} on one machine.`)

export const exposure = section('How clients reach the mail server.', {
  type: z
    .enum(['LoadBalancer', 'NodePort', 'HostNetwork', 'ClusterIP'])
    .default('LoadBalancer')
    .describe(
      'How clients reach the ports: by a Service of this kind, or, with HostNetwork, as ports of the node that the pod runs on; the Service then serves the cluster alone.',
    ),
  host: hostName
    .nullable()
    .default(null)
    .describe(
      "Name or address that clients connect to. Where it is not given: the domain in a cluster, this machine's address on one machine.",
    ),
  ports: section('Ports that clients connect to.', {
    imaps: standard('IMAP with TLS', '993', '2993'),
    imap: standard('IMAP with STARTTLS', '143', '2143'),
    submissions: standard('sending with TLS', '465', '2465'),
    submission: standard('sending with STARTTLS', '587', '2587'),
    https: standard('the page and autoconfiguration', '443', '2443'),
    http: standard(
      'certificates by HTTP, the way to HTTPS, and real-time apps where the certificate is self-signed',
      '80',
      'off',
    ),
  }),
  annotations: boundedMap(z.string().max(4096), 64)
    .default({})
    .describe('Annotations of the Service, as your load balancer wants them.'),
  loadBalancerClass: z
    .string()
    .min(1)
    .max(253)
    .nullable()
    .default(null)
    .describe('Class of the load balancer; without it, the default of the cluster.'),
  loadBalancerIP: z
    .string()
    .min(1)
    .max(45)
    .nullable()
    .default(null)
    .describe('Address to ask the load balancer for, where it supports that.'),
  externalTrafficPolicy: z
    .enum(['Local', 'Cluster'])
    .default('Local')
    .describe(
      'Local keeps the addresses of clients for the limits per address; Cluster spreads connections over all nodes.',
    ),
})

export const tls = section(
  'The certificate of the mail server.',
  {
    source: z
      .enum(['Auto', 'CertManager', 'Secret', 'ACME', 'SelfSigned'])
      .default('Auto')
      .describe(
        'Auto: the Secret where secretName is given, else cert-manager where issuerRef is given, else SelfSigned. SelfSigned: clients accept it for a domain with a leading _ and through invite links of this server. Secret: a certificate of yours.',
      ),
    secretName: objectName.optional().describe('Secret with tls.crt and tls.key, for source Secret.'),
    issuerRef: z
      .strictObject({
        name: objectName.describe('Name of the issuer.'),
        kind: z.enum(['Issuer', 'ClusterIssuer']).default('ClusterIssuer').describe('Issuer: in this namespace.'),
      })
      .optional()
      .describe('Issuer of cert-manager, for source CertManager.'),
  },
  [
    {
      cel: "self.source != 'Secret' || has(self.secretName)",
      message: 'tls.source Secret needs tls.secretName',
      field: [],
      holds: (self) => self.source !== 'Secret' || self.secretName !== undefined,
    },
    {
      cel: "self.source != 'CertManager' || has(self.issuerRef)",
      message: 'tls.source CertManager needs tls.issuerRef',
      field: [],
      holds: (self) => self.source !== 'CertManager' || self.issuerRef !== undefined,
    },
  ],
)
