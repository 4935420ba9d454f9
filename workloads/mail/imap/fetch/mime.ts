/**
 * The MIME structure of a message (RFC 2045, RFC 2046 §5.1) as a tree of offsets into its content. Depth and number of
 * parts are bounded; what lies beyond counts as a leaf.
 */
import { bodyStart, readFields } from './header.ts'
import { parameter, parseStructured, type Structured } from './parameters.ts'

export type Part = {
  /** Octet offsets: of the header, of the body, and of what follows. */
  start: number
  body: number
  end: number
  fields: ReadonlyMap<string, string>
  /** In capitals. */
  type: string
  subtype: string
  contentType: Structured
  /** Of a multipart. */
  children: readonly Part[]
  /** Of a message/rfc822: the message inside. */
  message: Part | null
}

type Budget = { parts: number }

const maxDepth = 32
const maxParts = 1000
const defaultType = 'text/plain; charset=us-ascii'
const lineFeed = 10
const carriageReturn = 13
const hyphen = 45

/** Where the line at `at` ends, its line feed included. */
const lineEnd = (content: Buffer, at: number, end: number): number => {
  const feed = content.indexOf(lineFeed, at)
  return feed < 0 || feed >= end ? end : feed + 1
}

type Delimiter = { at: number; after: number; last: boolean }

/** The next delimiter line from `from` on. It stands at the start of a line, with nothing but blanks behind it. */
const nextDelimiter = (content: Buffer, dashBoundary: Buffer, from: number, end: number): Delimiter | null => {
  for (let at = content.indexOf(dashBoundary, from); at >= 0 && at < end; at = content.indexOf(dashBoundary, at + 1)) {
    if (at > from && content[at - 1] !== lineFeed) continue
    const tail = at + dashBoundary.length
    const last = content[tail] === hyphen && content[tail + 1] === hyphen
    const after = lineEnd(content, tail, end)
    if (/^\s*$/.test(content.toString('latin1', last ? tail + 2 : tail, Math.min(after, tail + 1000))))
      return { at, after, last }
  }
  return null
}

/** The line break before a delimiter belongs to the delimiter. */
const beforeBreak = (content: Buffer, at: number, start: number): number => {
  if (at <= start || content[at - 1] !== lineFeed) return at
  return at - 1 > start && content[at - 2] === carriageReturn ? at - 2 : at - 1
}

const splitParts = (content: Buffer, boundary: string, start: number, end: number): [number, number][] => {
  const dashBoundary = Buffer.from(`--${boundary}`, 'latin1')
  const bounds: [number, number][] = []
  let open = nextDelimiter(content, dashBoundary, start, end)
  while (open && !open.last && bounds.length < maxParts) {
    const close = nextDelimiter(content, dashBoundary, open.after, end)
    bounds.push([open.after, close ? beforeBreak(content, close.at, open.after) : end])
    open = close
  }
  return bounds
}

const parsePart = (
  content: Buffer,
  start: number,
  end: number,
  fallback: string,
  depth: number,
  budget: Budget,
): Part => {
  budget.parts--
  const body = bodyStart(content, start, end)
  const fields = readFields(content.toString('latin1', start, body))
  let contentType = parseStructured(fields.get('content-type') ?? fallback)
  if (!/^[^\s/]+\/[^\s/]+$/.test(contentType.value)) contentType = parseStructured(defaultType)
  const [type, subtype] = contentType.value.toUpperCase().split('/') as [string, string]
  const part: Part = { start, body, end, fields, type, subtype, contentType, children: [], message: null }
  if (depth >= maxDepth) return part
  if (type === 'MULTIPART') part.children = parseChildren(content, part, depth, budget)
  else if (type === 'MESSAGE' && subtype === 'RFC822' && budget.parts > 0)
    part.message = parsePart(content, body, end, defaultType, depth + 1, budget)
  return part
}

const parseChildren = (content: Buffer, part: Part, depth: number, budget: Budget): Part[] => {
  const boundary = parameter(part.contentType, 'BOUNDARY')
  if (!boundary) return []
  const fallback = part.subtype === 'DIGEST' ? 'message/rfc822' : defaultType
  const children: Part[] = []
  for (const [start, end] of splitParts(content, boundary, part.body, part.end)) {
    if (budget.parts <= 0) break
    children.push(parsePart(content, start, end, fallback, depth + 1, budget))
  }
  return children
}

/** The whole message as a tree. Never throws. */
export const parseMime = (content: Buffer): Part =>
  parsePart(content, 0, content.length, defaultType, 0, { parts: maxParts })

const childOf = (part: Part, number: number): Part | null => {
  const holder = part.message ?? part
  if (holder.children.length > 0) return holder.children[number - 1] ?? null
  return part.message && number === 1 ? holder : null
}

/** The part of these numbers (RFC 3501 §6.4.5): a message that is no multipart has its body as part 1. */
export const findPart = (root: Part, numbers: readonly number[]): Part | null => {
  const [first, ...rest] = numbers
  if (first === undefined) return root
  const top = root.children.length > 0 ? (root.children[first - 1] ?? null) : first === 1 ? root : null
  return rest.reduce<Part | null>((part, number) => part && childOf(part, number), top)
}
