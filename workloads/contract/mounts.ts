/**
 * The files a workload is told what to do with. One folder holds them all: `--mounts DIR`.
 */
export const mountedFiles = {
  config: 'config.yaml',
  keyring: 'keyring.json',
  relays: 'relays.json',
  /** TURN: whom the relay may not send to beyond its configuration, and which other relays belong to this server. */
  peers: 'peers.json',
  certificate: 'tls.crt',
  privateKey: 'tls.key',
  managementToken: 'management-token',
  /** Mail, registration mode Token: one token a line. */
  registrationTokens: 'registration-tokens',
} as const

export type MountedFile = (typeof mountedFiles)[keyof typeof mountedFiles]
