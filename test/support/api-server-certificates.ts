/** The certificates of a test's API server and the kubeconfig files made of them, by OpenSSL. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']

const openssl = (...args: string[]): void => {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

export class CertificateAuthority {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { mode: 0o700 })
    const files = ['-keyout', this.keyFile('ca'), '-out', this.certificateFile('ca')]
    openssl('req', '-x509', ...newKey, '-subj', '/CN=test-ca', '-addext', 'keyUsage=critical,keyCertSign', ...files)
  }

  certificateFile(name: string): string {
    return join(this.#folder, `${name}.crt`)
  }

  keyFile(name: string): string {
    return join(this.#folder, `${name}.key`)
  }

  /** @param subject as OpenSSL writes it, `/O=group/CN=name` */
  issue(name: string, subject: string, alternativeNames?: string): void {
    const extensions = ['extendedKeyUsage=serverAuth,clientAuth']
    if (alternativeNames) extensions.push(`subjectAltName=${alternativeNames}`)
    const signer = ['-CA', this.certificateFile('ca'), '-CAkey', this.keyFile('ca')]
    const files = ['-keyout', this.keyFile(name), '-out', this.certificateFile(name)]
    const added = extensions.flatMap((extension) => ['-addext', extension])
    openssl('req', '-x509', ...signer, ...newKey, '-subj', subject, ...added, ...files)
  }

  /** The path of a kubeconfig for this user, with a certificate made for it. */
  kubeconfig(name: string, groups: readonly string[], server: string): string {
    this.issue(name, `${groups.map((group) => `/O=${group}`).join('')}/CN=${name}`)
    const encoded = (file: string) => readFileSync(file).toString('base64')
    const cluster = { server, 'certificate-authority-data': encoded(this.certificateFile('ca')) }
    const user = {
      'client-certificate-data': encoded(this.certificateFile(name)),
      'client-key-data': encoded(this.keyFile(name)),
    }
    const path = join(this.#folder, `${name}.${new URL(server).port}.kubeconfig`)
    // JSON is YAML too.
    writeFileSync(
      path,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'test',
        clusters: [{ name: 'test', cluster }],
        users: [{ name, user }],
        contexts: [{ name: 'test', context: { cluster: 'test', user: name } }],
      }),
      { mode: 0o600 },
    )
    return path
  }
}
