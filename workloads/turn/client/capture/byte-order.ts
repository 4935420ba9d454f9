/** Numbers in the byte order of the machine that wrote the capture. */
export type ByteOrder = {
  u16: (bytes: Buffer, at: number) => number
  u32: (bytes: Buffer, at: number) => number
}

export const bigEndian: ByteOrder = {
  u16: (bytes, at) => bytes.readUInt16BE(at),
  u32: (bytes, at) => bytes.readUInt32BE(at),
}

export const littleEndian: ByteOrder = {
  u16: (bytes, at) => bytes.readUInt16LE(at),
  u32: (bytes, at) => bytes.readUInt32LE(at),
}
