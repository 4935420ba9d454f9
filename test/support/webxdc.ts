/** A webxdc app: a zip archive (APPNOTE 4.3.7, 4.3.12, 4.3.16) of files that are stored as they are. */
import { crc32 } from 'node:zlib'

const stored = 0
const version = 20

type Entry = { name: Buffer; content: Buffer; offset: number }

/** What the local and the central header have alike: from the version to the lengths of name and extra field. */
const sharedFields = ({ name, content }: Entry): Buffer => {
  const fields = Buffer.alloc(26)
  fields.writeUInt16LE(version, 0)
  fields.writeUInt16LE(stored, 4)
  fields.writeUInt32LE(crc32(content), 10)
  fields.writeUInt32LE(content.length, 14)
  fields.writeUInt32LE(content.length, 18)
  fields.writeUInt16LE(name.length, 22)
  return fields
}

const localHeader = (entry: Entry): Buffer =>
  Buffer.concat([Buffer.from('PK\x03\x04'), sharedFields(entry), entry.name])

const centralHeader = (entry: Entry): Buffer => {
  const rest = Buffer.alloc(14)
  rest.writeUInt32LE(entry.offset, 10)
  return Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.of(version, 0), sharedFields(entry), rest, entry.name])
}

const zip = (files: Readonly<Record<string, string>>): Buffer => {
  const parts: Buffer[] = []
  const entries: Entry[] = []
  let offset = 0
  for (const [name, text] of Object.entries(files)) {
    const entry = { name: Buffer.from(name), content: Buffer.from(text), offset }
    entries.push(entry)
    const part = Buffer.concat([localHeader(entry), entry.content])
    parts.push(part)
    offset += part.length
  }
  const directory = Buffer.concat(entries.map(centralHeader))
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(directory.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, directory, Buffer.from('PK\x05\x06'), end])
}

/** The smallest app there is. */
export const webxdcApp = (name: string): Buffer =>
  zip({ 'index.html': `<!doctype html><title>${name}</title>`, 'manifest.toml': `name = "${name}"\n` })
