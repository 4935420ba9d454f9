/**
 * Endpoints of the real Iroh libraries, both generations, as their makers publish them for Node. They know their peer by
 * its key and the relay's URL alone; whether they find a direct path is up to the network that they run in.
 */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

const load = (name: string): unknown => {
  try {
    return require(name)
  } catch {
    return null
  }
}

/** For `test(name, { skip: irohMissing() }, …)`: false when both are there. @throws with CI=true when they are not */
export const irohMissing = (): string | false => {
  if (load('iroh-035') && load('iroh-1')) return false
  if (process.env.CI === 'true') throw new Error('the Iroh clients are missing: npm ci brings them on Linux x64')
  return 'the Iroh clients are for Linux x64'
}

/** One version wants arrays of numbers where the other wants buffers. */
type Bytes = Buffer | number[]

/** As far as both libraries have it, and it is used here. */
type NativeConnection = {
  openBi: () => Promise<NativeStream>
  acceptBi: () => Promise<NativeStream>
  sendDatagram: (data: Bytes) => void
  readDatagram: () => Promise<Bytes>
}

type NativeStream = {
  send: { writeAll: (data: Bytes) => Promise<void>; finish: () => Promise<void> }
  recv: { readToEnd: (limit: number) => Promise<Bytes> }
}

type LegacyAddress = { nodeId: string; relayUrl: string }
type LegacyRemote = { nodeId: number[]; addrs: { lastPayload?: number }[] }
type LegacyProgress = { allDone?: object; abort?: { error: string } }

type LegacyNode = {
  node: {
    endpoint: () => { connect: (address: LegacyAddress, alpn: Buffer) => Promise<NativeConnection> }
    shutdown: () => Promise<void>
  }
  net: { nodeId: () => Promise<string>; remoteInfoList: () => Promise<LegacyRemote[]> }
  blobs: {
    addBytes: (data: number[]) => Promise<{ hash: string }>
    readToBytes: (hash: string) => Promise<number[]>
    download: (
      hash: string,
      options: object,
      progress: (error: Error | null, progress: LegacyProgress) => void,
    ) => Promise<void>
  }
}

type LegacyLibrary = {
  Iroh: { memory: (options: object) => Promise<LegacyNode> }
  BlobDownloadOptions: new (format: 'Raw', nodes: LegacyAddress[], tag: object) => object
  SetTagOption: { auto: () => object }
}

type ModernConnection = NativeConnection & { paths: () => { isRelay: boolean }[] }

type ModernEndpoint = {
  id: () => { toString: () => string }
  online: () => Promise<void>
  acceptNext: () => Promise<{ accept: () => Promise<{ connect: () => Promise<ModernConnection> }> } | null>
  connect: (address: object, alpn: number[]) => Promise<ModernConnection>
  close: () => Promise<void>
}

type ModernLibrary = {
  Endpoint: {
    builder: () => {
      applyMinimal: () => void
      relayMode: (mode: object) => void
      alpns: (alpns: number[][]) => void
      bind: () => Promise<ModernEndpoint>
    }
  }
  EndpointAddr: new (id: object, relayUrl: string, addresses: string[]) => object
  EndpointId: { fromString: (id: string) => object }
  RelayMode: { customFromUrls: (urls: string[]) => object }
}

/** The protocol that all endpoints here accept: a stream is sent back, and so is each datagram. */
const alpn = Buffer.from('chatmail-test/echo/1')
const maxEcho = 4_000_000

export type IrohConnection = {
  /** Sends the bytes on a stream of their own, and resolves to what comes back. */
  echo: (data: Buffer) => Promise<Buffer>
  sendDatagram: (data: Buffer) => void
  readDatagram: () => Promise<Buffer>
  /** Whether what it sends goes through a relay alone. */
  isRelayed: () => Promise<boolean>
}

export type IrohEndpoint = {
  id: string
  /** Connects to an endpoint that is known by its id and the relay. */
  connect: (id: string) => Promise<IrohConnection>
  /** Keeps the bytes as a blob; returns its hash. Only 0.35 brings blobs. */
  keepBlob?: (data: Buffer) => Promise<string>
  fetchBlob?: (hash: string, from: string) => Promise<Buffer>
  close: () => Promise<void>
}

export type IrohLibrary = { name: string; open: (relayUrl: string) => Promise<IrohEndpoint> }

const asBuffer = (data: Buffer): Bytes => data
const asArray = (data: Buffer): number[] => [...data]

const echoStreams = async (connection: NativeConnection, bytes: (data: Buffer) => Bytes): Promise<void> => {
  for (;;) {
    const stream = await connection.acceptBi()
    await stream.send.writeAll(bytes(Buffer.from(await stream.recv.readToEnd(maxEcho))))
    await stream.send.finish()
  }
}

const echoDatagrams = async (connection: NativeConnection, bytes: (data: Buffer) => Bytes): Promise<void> => {
  for (;;) connection.sendDatagram(bytes(Buffer.from(await connection.readDatagram())))
}

/** Until the connection ends. */
const echoAll = (connection: NativeConnection, bytes: (data: Buffer) => Bytes): Promise<unknown> =>
  Promise.all([echoStreams(connection, bytes), echoDatagrams(connection, bytes)]).catch(() => undefined)

const connectionOf = (
  connection: NativeConnection,
  bytes: (data: Buffer) => Bytes,
  isRelayed: () => Promise<boolean>,
): IrohConnection => ({
  echo: async (data) => {
    const stream = await connection.openBi()
    await stream.send.writeAll(bytes(data))
    await stream.send.finish()
    return Buffer.from(await stream.recv.readToEnd(maxEcho))
  },
  sendDatagram: (data) => connection.sendDatagram(bytes(data)),
  readDatagram: async () => Buffer.from(await connection.readDatagram()),
  isRelayed,
})

/** Whether nothing has been heard of it directly; addresses that are merely tried are listed too. */
const isUnheard = async ({ net }: LegacyNode, id: string): Promise<boolean> => {
  const remotes = await net.remoteInfoList()
  const remote = remotes.find(({ nodeId }) => Buffer.from(nodeId).toString('hex') === id)
  return !remote!.addrs.some(({ lastPayload }) => lastPayload !== undefined)
}

const fetchLegacyBlob = async ({ blobs }: LegacyNode, hash: string, from: LegacyAddress): Promise<Buffer> => {
  const { BlobDownloadOptions, SetTagOption } = load('iroh-035') as LegacyLibrary
  const options = new BlobDownloadOptions('Raw', [from], SetTagOption.auto())
  await new Promise<void>((resolve, reject) => {
    const progress = (error: Error | null, { allDone, abort }: LegacyProgress): void => {
      if (error ?? abort) reject(error ?? new Error(abort!.error))
      else if (allDone) resolve()
    }
    blobs.download(hash, options, progress).catch(reject)
  })
  return Buffer.from(await blobs.readToBytes(hash))
}

const openLegacy = async (relayUrl: string): Promise<IrohEndpoint> => {
  const { Iroh } = load('iroh-035') as LegacyLibrary
  const handler = () => ({
    accept: (_error: unknown, connection: NativeConnection) => echoAll(connection, asBuffer),
    shutdown: () => undefined,
  })
  const node = await Iroh.memory({ protocols: { [alpn.toString()]: handler }, nodeDiscovery: 'None' })
  return {
    id: await node.net.nodeId(),
    connect: async (nodeId) => {
      const connection = await node.node.endpoint().connect({ nodeId, relayUrl }, alpn)
      return connectionOf(connection, asBuffer, () => isUnheard(node, nodeId))
    },
    keepBlob: async (data) => (await node.blobs.addBytes([...data])).hash,
    fetchBlob: (hash, nodeId) => fetchLegacyBlob(node, hash, { nodeId, relayUrl }),
    close: () => node.node.shutdown(),
  }
}

const acceptAll = async (endpoint: ModernEndpoint): Promise<void> => {
  for (let incoming = await endpoint.acceptNext(); incoming; incoming = await endpoint.acceptNext())
    incoming
      .accept()
      .then((accepting) => accepting.connect())
      .then((connection) => echoAll(connection, asArray))
      .catch(() => undefined)
}

const openModern = async (relayUrl: string): Promise<IrohEndpoint> => {
  const { Endpoint, EndpointAddr, EndpointId, RelayMode } = load('iroh-1') as ModernLibrary
  const builder = Endpoint.builder()
  builder.applyMinimal()
  builder.relayMode(RelayMode.customFromUrls([relayUrl]))
  builder.alpns([asArray(alpn)])
  const endpoint = await builder.bind()
  await endpoint.online()
  acceptAll(endpoint).catch(() => undefined)
  return {
    id: endpoint.id().toString(),
    connect: async (id) => {
      const address = new EndpointAddr(EndpointId.fromString(id), relayUrl, [])
      const connection = await endpoint.connect(address, asArray(alpn))
      return connectionOf(connection, asArray, async () => connection.paths().every(({ isRelay }) => isRelay))
    },
    close: () => endpoint.close(),
  }
}

export const irohLibraries: readonly IrohLibrary[] = [
  { name: 'Iroh 0.35', open: openLegacy },
  { name: 'Iroh 1.x', open: openModern },
]
