/** What fails for those who come by TCP or TLS, as they do to the HTTPS port of mail, where it differs from UDP. */

const sharedPort =
  'on the HTTPS port of mail that is so where no relay is ready to be handed connections (calls are off, every relay drains, turn.engine is Coturn), where mail does not reach the TCP port of one, or where the key rings or clocks of mail and relay differ'

const untrusted =
  'the certificate is from an authority that this machine does not trust, its chain is not complete, or a network that inspects HTTPS puts its own in place (--insecure takes it here)'

/** Of a handshake of TLS, whoever needs it. */
export const tlsAdvice = {
  ECONNRESET: 'the server closes TLS connections: it has no certificate, or serves TCP alone on the port',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'the certificate is self-signed: clients that verify it refuse it (--insecure takes it here)',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'the certificate is for another name than the one that was connected to (--insecure takes it here)',
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
}

/** Of the other stream, which was tried besides. */
const missedBeside = {
  ECONNREFUSED: 'nothing listens for TCP on the port',
  TIMEOUT: 'nothing answers there',
  CLOSED: 'the server closes the connection',
  NOT_TURN: 'what answers there speaks something else than TURN',
}

const overTcp = {
  tls: missedBeside,
  binding: {
    TIMEOUT:
      'no connection comes about: open the port for TCP in every firewall and security group on the way, and check that the name leads to this server',
    ECONNREFUSED: 'nothing listens for TCP on the port: the server is not running there, or the port is another one',
    CLOSED: `the port takes connections and closes those that speak TURN: ${sharedPort}`,
    SILENT:
      'the port takes connections and does not answer TURN: something else listens there, or something on the way holds back what is no HTTPS',
    NOT_TURN:
      'what answers there speaks something else than TURN: another server, or a proxy or ingress before mail that reads HTTP; let it pass on TCP as it is',
  },
  allocate: {
    CLOSED:
      'a connection was closed before it had an allocation: where mail hands over to several relays, it does not reach one of them, or their key rings or clocks differ',
    TIMEOUT: 'the server answers STUN but not Allocate: it serves STUN alone, or is overloaded',
  },
  range: {
    PARTLY:
      'some relayed ports are reached and others are not: a firewall is open for a part of turn.relayPorts or for one of several relays, open all of them for UDP',
  },
  loss: {
    LOSS: 'datagrams are lost: look at the load of the servers and at turn.limits.bandwidth; the way to this machine loses none, it delays',
  },
}

const overTls = {
  ...overTcp,
  tcp: missedBeside,
  binding: {
    ...overTcp.binding,
    ...tlsAdvice,
    TIMEOUT:
      'no connection comes about, or no handshake of TLS on it: open the port for TCP in every firewall and security group on the way, and check that the name leads to this server',
    ERR_SSL_WRONG_VERSION_NUMBER: 'the port does not speak TLS',
    ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the port does not speak TLS',
  },
}

/** By step and code; what is not here is as over UDP. */
export const streamAdvice: Readonly<Record<'tcp' | 'tls', Readonly<Record<string, Readonly<Record<string, string>>>>>> =
  { tcp: overTcp, tls: overTls }
