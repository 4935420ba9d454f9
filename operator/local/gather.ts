/** The facts of a local server: addresses of this machine, secrets made once and kept, a certificate of its own. */
import { X509Certificate } from 'node:crypto'
import type { NetworkInterfaceInfo } from 'node:os'
import { exitCodes } from '../../workloads/contract/exit-codes.ts'
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import { StartError } from '../../workloads/contract/start-error.ts'
import { noPeers } from '../../workloads/contract/turn-peers.ts'
import type { ChatmailServer } from '../api/chatmail-server.ts'
import { isSelfSigned, selfSignedCertificate } from '../certificate/self-signed.ts'
import { allNat64 } from '../nat64/discovery.ts'
import { type Certificate, type Facts, outsideACluster } from '../render/facts.ts'
import { names } from '../render/names.ts'
import type { SecretFolder } from './data/secrets.ts'
import { isIpv4, lanAddress, listening } from './host/addresses.ts'

export type Surroundings = {
  /** Address that clients are told, where the caller knows better than this machine. */
  address: string | undefined
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>
  random: (bytes: number) => Buffer
  /** Unix milliseconds. */
  now: () => number
}

const loopback = '127.0.0.1'
const tokenBytes = 32

/** The address that clients are told: asked for, then of the resource, then this machine's in its network. */
export const clientAddress = ({ spec }: ChatmailServer, { address, interfaces }: Surroundings): string => {
  const given = spec.turn.publicAddress.source === 'Static' ? spec.turn.publicAddress.addresses : []
  const host = spec.exposure.host ?? ''
  return address ?? given.find(isIpv4) ?? (isIpv4(host) ? host : lanAddress(interfaces))
}

const ownCertificate = (secretName: string, secrets: SecretFolder): Certificate => {
  const crt = secrets.read(secretName, mountedFiles.certificate)
  if (crt === null || secrets.read(secretName, mountedFiles.privateKey) === null)
    throw new StartError(
      `spec.tls.secretName: found no certificate; put it into ${secrets.path(secretName, mountedFiles.certificate)} and its key into ${mountedFiles.privateKey} beside it`,
      exitCodes.config,
    )
  try {
    const certificate = new X509Certificate(crt)
    return { secretName, issuer: null, pem: null, selfSigned: isSelfSigned(certificate) }
  } catch {
    throw new StartError(
      `${secrets.path(secretName, mountedFiles.certificate)}: not a certificate in PEM form`,
      exitCodes.config,
    )
  }
}

const certificateNames = (domain: string, host: string, address: string): string[] => [
  ...new Set([domain.replace(/^\[|\]$/g, ''), host, address, 'localhost', loopback]),
]

const madeCertificate = (
  server: ChatmailServer,
  host: string,
  address: string,
  secrets: SecretFolder,
  { now, random }: Surroundings,
): Certificate => {
  const secretName = names.certificate(server)
  const kept = {
    crt: secrets.read(secretName, mountedFiles.certificate),
    key: secrets.read(secretName, mountedFiles.privateKey),
  }
  const pem = selfSignedCertificate(kept, certificateNames(server.spec.domain, host, address), now(), random)
  if (pem.key !== kept.key) secrets.write(secretName, mountedFiles.privateKey, pem.key)
  if (pem.crt !== kept.crt) secrets.write(secretName, mountedFiles.certificate, pem.crt)
  return { secretName, issuer: null, pem, selfSigned: true }
}

/** Facts without any relay: those are told once they work. `keyring` is `keyring.json`. */
export const gather = (
  server: ChatmailServer,
  surroundings: Surroundings,
  secrets: SecretFolder,
  keyring: string,
): Facts => {
  const { random, interfaces } = surroundings
  const address = clientAddress(server, surroundings)
  const listen = listening(address, interfaces)
  const publicHost = server.spec.exposure.host ?? address
  const { tls } = server.spec
  return {
    platform: 'local',
    image: 'local',
    publicHost,
    listenAddress: listen.mail,
    managementAddress: loopback,
    certificate:
      tls.secretName && tls.source !== 'SelfSigned'
        ? ownCertificate(tls.secretName, secrets)
        : madeCertificate(server, publicHost, address, secrets, surroundings),
    keyring,
    managementToken: secrets.keep(names.managementToken(server), mountedFiles.managementToken, () =>
      random(tokenBytes).toString('hex'),
    ),
    turnNodes: [listen.turn],
    turnEndpoints: [],
    irohUrl: null,
    ...outsideACluster,
    turnPeers: { ...noPeers, nat64: allNat64(server.spec.turn.peers.nat64, []) },
  }
}
