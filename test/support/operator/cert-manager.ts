/** A cluster with cert-manager's API, whose issuer is played by the test. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { selfSignedCertificate } from '../../../operator/certificate/self-signed.ts'
import { certificateResource, secretResource } from '../../../operator/reconcile/resources.ts'
import { CertificateAuthority } from '../api-server-certificates.ts'
import type { OperatorBed } from './bed.ts'

const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'certificates.cert-manager.io' },
  spec: {
    group: 'cert-manager.io',
    names: { kind: 'Certificate', plural: 'certificates' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: anything, status: anything } } },
      },
    ],
  },
}

export const installCertManager = async ({ api }: OperatorBed): Promise<void> => {
  await api.kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(definition))
  await api.kubectl(['wait', '--for=condition=Established', 'crd/certificates.cert-manager.io'])
}

/** The issuer says of a Certificate how it stands. */
export const certificateStatus = async (
  { client }: OperatorBed,
  name: string,
  ready: boolean,
  message: string,
  namespace = 'default',
): Promise<void> => {
  const { apiVersion, kind } = certificateResource
  const condition = { type: 'Ready', status: ready ? 'True' : 'False', reason: 'Issuing', message }
  const body = { apiVersion, kind, metadata: { namespace, name }, status: { conditions: [condition] } }
  await client.applyStatus(certificateResource, body, { manager: 'cert-manager', force: true })
}

type Pair = { crt: string; key: string }

/** A certificate for these names, signed by an authority that is forgotten at once. */
const issued = (domains: readonly string[]): Pair => {
  const folder = mkdtempSync(join(tmpdir(), 'issuer-'))
  try {
    const authority = new CertificateAuthority(join(folder, 'ca'))
    authority.issue('server', '/CN=server', domains.map((domain) => `DNS:${domain}`).join(','))
    return {
      crt: readFileSync(authority.certificateFile('server'), 'utf8'),
      key: readFileSync(authority.keyFile('server'), 'utf8'),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const selfSigned = (domains: readonly string[], now: number): Pair =>
  selfSignedCertificate({ crt: null, key: null }, [...domains], now, randomBytes)

/** A Secret with a certificate for these names: issued now, or self-signed at `now`, in Unix milliseconds. */
export const certificateSecret = async (
  { client }: OperatorBed,
  name: string,
  domains: readonly string[],
  now: number | null = null,
  namespace = 'default',
): Promise<void> => {
  const { crt, key } = now === null ? issued(domains) : selfSigned(domains, now)
  const encoded = (text: string) => Buffer.from(text).toString('base64')
  const body = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': encoded(crt), 'tls.key': encoded(key) },
  }
  await client.apply(secretResource, body, { manager: 'an-issuer', force: true })
}
