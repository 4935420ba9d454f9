/** What failed and what to do about it, for a person. No address and no name in it: it may end in a status or a log. */

export const proofSteps = ['resolve', 'connect', 'certificate', 'ping', 'portal', 'legacy', 'modern'] as const
export type ProofStep = (typeof proofSteps)[number]

/** What each step shows when it succeeds. */
export const meanings: Record<ProofStep, string> = {
  resolve: 'the name has an address',
  connect: 'the port takes connections',
  certificate: 'clients can verify the certificate',
  ping: 'GET /ping is answered, by which clients choose their relay',
  portal: 'GET /generate_204 is answered, by which clients find captive portals',
  legacy: 'two endpoints of Iroh 0.35 exchange a datagram, as Delta Chat does',
  modern: 'two endpoints of Iroh 1.x exchange a datagram',
}

const anyCode = '*'

const self = 'clients accept no certificate of your own making: use one that browsers trust, or an http:// URL'

const advice: Record<ProofStep, Record<string, string>> = {
  resolve: {
    [anyCode]: "the relay's name does not resolve: publish its A or AAAA record",
  },
  connect: {
    TIMEOUT: "nothing answers on the relay's port: open it in every firewall and security group on the way",
    ECONNREFUSED: 'nothing listens on the port of the URL: the relay is not running there, or the port is another one',
    ENETUNREACH: 'there is no route to the relay from here',
    EHOSTUNREACH: 'there is no route to the relay from here',
    [anyCode]: 'the relay could not be connected to',
  },
  certificate: {
    TIMEOUT: 'the port is open but TLS is not answered: does a server without TLS listen there?',
    CERT_HAS_EXPIRED: 'the certificate has expired: renew it',
    CERT_NOT_YET_VALID: 'the certificate is not valid yet: is the clock right?',
    DEPTH_ZERO_SELF_SIGNED_CERT: `the certificate is self-signed: ${self}`,
    SELF_SIGNED_CERT_IN_CHAIN: `the certificate is of a private authority: ${self}`,
    UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      'the certificate cannot be verified: serve the whole chain with the intermediate certificates',
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `the certificate is of an authority that clients do not know: ${self}`,
    ERR_TLS_CERT_ALTNAME_INVALID: "the certificate is for other names than the URL's",
    ECONNRESET: 'the port does not speak TLS: does a server without TLS listen there?',
    EPROTO: 'the port does not speak TLS: does a server without TLS listen there?',
    ERR_SSL_WRONG_VERSION_NUMBER: 'the port does not speak TLS: does a server without TLS listen there?',
    [anyCode]: 'the TLS handshake failed',
  },
  ping: {
    STATUS: 'GET /ping is not answered with 2xx: is this a relay, and does the proxy in front of it pass /ping on?',
    TIMEOUT: 'GET /ping is not answered: is the relay behind the proxy running?',
    [anyCode]: 'GET /ping failed',
  },
  portal: {
    STATUS:
      'GET /generate_204 is not answered with 2xx: let the proxy in front of the relay pass it on; newer Delta Chat looks at it',
    [anyCode]: 'GET /generate_204 failed',
  },
  legacy: {
    UPGRADE:
      'the upgrade to "iroh derp http" is refused: a proxy in front of the relay drops it (HAProxy, Caddy, Traefik and Envoy do; nginx and TCP or TLS passthrough do not), or this is no relay of Iroh 0.35',
    DENIED: 'the relay refuses unknown endpoints: people of other servers need it, so it must be open to all',
    CLOSED:
      'the relay closes the connection before anything is relayed: it speaks another version, or refuses unknown endpoints',
    TIMEOUT:
      'the datagram did not arrive: is there more than one replica behind the URL? Both peers must reach the same',
    [anyCode]: 'two endpoints could not exchange a datagram',
  },
  modern: {
    UPGRADE:
      'the WebSocket is refused: this relay does not speak Iroh 1.x, or a proxy in front of it drops the upgrade',
    DENIED: 'the relay refuses unknown endpoints: people of other servers need it, so it must be open to all',
    TIMEOUT:
      'the datagram did not arrive: is there more than one replica behind the URL? Both peers must reach the same',
    [anyCode]: 'two endpoints could not exchange a datagram',
  },
}

/** One sentence for a failure. */
export const adviceFor = (step: ProofStep, code: string): string => advice[step][code] ?? advice[step][anyCode]!
