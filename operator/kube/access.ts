/** Where the API server is and how to be let in: what a request needs to know, whatever it was configured by. */

/** What a new TLS connection is made with. */
export type TlsOptions = {
  ca?: Buffer | string
  cert?: Buffer | string
  key?: Buffer | string
  servername?: string
  rejectUnauthorized?: boolean
}

export type Access = {
  server: URL
  /** The HTTP proxy to go through, where one is configured. */
  proxy?: { uri: string; tls: TlsOptions }
  /** Asked at each new connection, so that a renewed certificate is used. */
  tls(): Promise<TlsOptions>
  /** Asked at each request; holds the credential. */
  headers(): Promise<Record<string, string>>
  /** Forgets what is remembered of a credential that the server no longer takes. */
  refresh(): Promise<void>
}
