import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newIdentity } from '../client/identity.ts'
import { isSignedBy, isSmallOrder } from './endpoint-key.ts'

const message = Buffer.from('message')

test('a signature is taken of its key alone', () => {
  const [one, other] = [newIdentity(), newIdentity()]
  const signature = one.sign(message)
  assert.ok(isSignedBy(one.key, message, signature))
  assert.ok(!isSignedBy(other.key, message, signature))
  assert.ok(!isSignedBy(one.key, Buffer.from('massage'), signature))
  for (let bit = 0; bit < 512; bit++) {
    const changed = Buffer.from(signature)
    changed[bit >> 3]! ^= 1 << (bit & 7)
    assert.ok(!isSignedBy(one.key, message, changed))
  }
})

test('what anybody could sign for a key of small order is refused', () => {
  // For the neutral element R = B, S = 1 is a signature of every message.
  const neutral = Buffer.from(`01${'00'.repeat(31)}`, 'hex')
  const forged = Buffer.from(`58${'66'.repeat(31)}01${'00'.repeat(31)}`, 'hex')
  assert.ok(!isSignedBy(neutral, message, forged))
})

/** The points of small order by arithmetic: those that eight times themselves are the neutral element (RFC 8032 §5.1). */
test('every point of small order is refused', () => {
  const p = 2n ** 255n - 19n
  const modulo = (value: bigint): bigint => ((value % p) + p) % p
  const power = (base: bigint, exponent: bigint): bigint => {
    let [result, square] = [1n, modulo(base)]
    for (let rest = exponent; rest > 0n; rest >>= 1n, square = modulo(square * square))
      if (rest & 1n) result = modulo(result * square)
    return result
  }
  const inverse = (value: bigint): bigint => power(value, p - 2n)
  const d = modulo(-121665n * inverse(121666n))
  type Point = [bigint, bigint]
  const add = ([x1, y1]: Point, [x2, y2]: Point): Point => {
    const t = modulo(d * x1 * x2 * y1 * y2)
    return [modulo((x1 * y2 + x2 * y1) * inverse(1n + t)), modulo((y1 * y2 + x1 * x2) * inverse(1n - t))]
  }
  const root = (square: bigint): bigint | null => {
    const candidate = power(square, (p + 3n) / 8n)
    for (const x of [candidate, modulo(candidate * power(2n, (p - 1n) / 4n))])
      if (modulo(x * x) === modulo(square)) return x
    return null
  }
  // An eighth root of the neutral element: any point of the curve times the order of the large subgroup.
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const times = (point: Point, factor: bigint): Point => {
    let [result, doubled]: [Point, Point] = [[0n, 1n], point]
    for (let rest = factor; rest > 0n; rest >>= 1n, doubled = add(doubled, doubled))
      if (rest & 1n) result = add(result, doubled)
    return result
  }
  const found = new Set<string>()
  assert.ok(!isSmallOrder(newIdentity().key))
  for (let y = 2n; found.size < 8; y++) {
    const x = root((y * y - 1n) * inverse(d * y * y + 1n))
    if (x === null) continue
    const [tx, ty] = times([x, y], order)
    const key = Buffer.from(ty.toString(16).padStart(64, '0'), 'hex').reverse()
    if (tx & 1n) key[31]! |= 0x80
    found.add(key.toString('hex'))
    assert.ok(isSmallOrder(key), key.toString('hex'))
  }
})
