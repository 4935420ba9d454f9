/**
 * How clients reach the relay. They trust certificates of public authorities alone, so a server that signs its own cannot
 * offer it with TLS; what they send through it is end-to-end encrypted either way.
 */
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import type { Facts } from '../facts.ts'
import { names } from '../names.ts'
import { mailPortMap, mailPorts } from '../ports.ts'

type Place = Pick<Facts, 'platform' | 'nodePorts' | 'certificate' | 'publicHost'>

const publicPorts = (server: ChatmailServer, place: Place) => mailPortMap(mailPorts(server, place), 'public')

/**
 * direct: on a port of its own, without TLS. shared: through mail, on the ports and under the certificate of the page. In a
 * cluster always shared, because there is one address for clients.
 */
export const irohReach = (server: ChatmailServer, place: Place): 'direct' | 'shared' =>
  place.platform === 'local' && (place.certificate.selfSigned || publicPorts(server, place).https === null)
    ? 'direct'
    : 'shared'

const origin = (scheme: 'http' | 'https', host: string, port: number): string =>
  new URL(`${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}/`).href

/** The URL of the relay that this server runs; null where none of its ports is open. */
export const managedIrohUrl = (server: ChatmailServer, place: Place): string | null => {
  const { publicHost, certificate } = place
  if (irohReach(server, place) === 'direct') return origin('http', publicHost, server.spec.iroh.port)
  const { http, https } = publicPorts(server, place)
  if (!certificate.selfSigned && https !== null) return origin('https', publicHost, https)
  return http === null ? null : origin('http', publicHost, http)
}

/**
 * Where a relay behind mail is found inside the cluster, for a look at it where the name of the URL does not resolve there:
 * the port of mail's Service that stands behind the URL's.
 */
export const insideTheCluster = (server: ChatmailServer, place: Place): { host: string; port: number } | null => {
  if (place.platform === 'local' || server.spec.iroh.mode !== 'Managed') return null
  const name = place.certificate.selfSigned ? 'http' : 'https'
  const port = mailPorts(server, place).find((each) => each.name === name)?.service
  return port ? { host: `${names.mail(server)}.${server.metadata.namespace}.svc`, port } : null
}

/** The URL that clients are told once it is proven, or null. */
export const irohUrl = (server: ChatmailServer, place: Place): string | null => {
  const { mode, url } = server.spec.iroh
  if (mode === 'Managed') return managedIrohUrl(server, place)
  return mode === 'External' ? new URL(url!).href : null
}
