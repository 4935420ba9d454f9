/** Logging in over a real store: the first login, wrong passwords, modes, races, floods. */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type AccountsOptions, createAccounts } from '../../../workloads/mail/accounts/accounts.ts'
import type { LoginResult } from '../../../workloads/mail/accounts/login.ts'
import type { Account, AccountStore } from '../../../workloads/mail/store/store.ts'
import { type TestStore, testStore } from '../../support/store.ts'

const domain = 'chat.example.org'
const password = 'qV3xkPz81LmTs0aYbN7cRd'
const cost = { ln: 8, r: 8, p: 1 }

let live: TestStore
let names = 0
before(async () => {
  live = await testStore()
})
after(() => live.close())

const accountsWith = (options: Partial<AccountsOptions> = {}) =>
  createAccounts({ store: live.store, domain, registration: 'Open', tokens: () => [], cost, ...options })
const newName = () => `user${String(names++).padStart(5, '0')}@${domain}`
const refused = { ok: false, reason: 'refused' } as const

const idOf = (result: LoginResult): number => {
  assert.ok(result.ok)
  return result.session.accountId
}

test('the first login makes the account with its INBOX; later ones enter it', async () => {
  const { login } = accountsWith()
  const address = newName()
  const id = idOf(await login(address.toUpperCase(), password))
  assert.deepEqual(await login(address, password), { ok: true, session: { accountId: id, address } })
  assert.deepEqual(await accountsWith().login(address, password), { ok: true, session: { accountId: id, address } })
  assert.ok(await live.store.mailboxes.find(id, 'INBOX'))
})

test('a wrong password is refused and changes nothing', async () => {
  const { login } = accountsWith()
  const address = newName()
  await login(address, password)
  for (const wrong of ['', `${password} `, password.toLowerCase(), 'x'.repeat(10_000)])
    assert.deepEqual(await login(address, wrong), refused)
  assert.ok((await login(address, password)).ok)
})

test('what breaks the rules makes no account', async () => {
  const { login } = accountsWith()
  for (const user of [`ab@${domain}`, `postmaster@${domain}`, 'alice@example.org', 'alice', '', `al ice@${domain}`])
    assert.deepEqual(await login(user, password), refused)
  const address = newName()
  assert.deepEqual(await login(address, '12345678'), refused)
  assert.equal(await live.store.accounts.find(address), null)
})

test('many first logins at once make one account', async () => {
  const [imap, smtp] = [accountsWith(), accountsWith()]
  const address = newName()
  const logins = [imap, smtp, imap, smtp, imap].map(({ login }) => login(address, password))
  const ids = (await Promise.all(logins)).map(idOf)
  assert.equal(new Set(ids).size, 1)
})

test('of two first logins with different passwords one wins and the other is refused', async () => {
  for (const [first, second] of [
    [accountsWith(), accountsWith()],
    Array.from({ length: 2 }, () => accountsWith()),
    new Array(2).fill(accountsWith()),
  ]) {
    const address = newName()
    const results = await Promise.all([first!.login(address, password), second!.login(address, `${password}x`)])
    assert.deepEqual(results.map(({ ok }) => ok).sort(), [false, true])
    const winner = results[0]!.ok ? password : `${password}x`
    assert.ok((await accountsWith().login(address, winner)).ok)
  }
})

for (const registration of ['Closed', 'Token'] as const)
  test(`mode ${registration}: logging in enters an account that is there; a wrong password is like an unknown name`, async () => {
    const address = newName()
    await accountsWith().login(address, password)
    const { login } = accountsWith({ registration })
    assert.deepEqual(await login(newName(), password), { ok: false, reason: 'closed' })
    assert.ok((await login(address, password)).ok)
    for (const [user, wrong] of [
      [address, 'wrong-password'],
      [address, 'x'.repeat(10_000)],
      ['postmaster', password],
    ] as const)
      assert.deepEqual(await login(user, wrong), { ok: false, reason: 'closed' })
  })

test('mode Open: POST /new gives credentials that come to life with the first login', async () => {
  const { register, login } = accountsWith()
  const result = await register(null)
  assert.ok(result.ok)
  assert.match(result.address, /^[a-z0-9]{9}@chat\.example\.org$/)
  assert.match(result.password, /^[A-Za-z0-9]{22}$/)
  assert.equal(await live.store.accounts.find(result.address), null)
  assert.ok((await login(result.address, result.password)).ok)
})

test('mode Token: a valid token makes the account, and the list may change', async () => {
  const tokens = ['token-of-the-office']
  const { register, login } = accountsWith({ registration: 'Token', tokens: () => tokens })
  for (const token of [null, '', 'token-of-the', 'another-token'])
    assert.deepEqual(await register(token), { ok: false, reason: 'token' })
  const result = await register('token-of-the-office')
  assert.ok(result.ok)
  assert.ok((await login(result.address, result.password)).ok)
  tokens[0] = 'a-new-token'
  assert.deepEqual(await register('token-of-the-office'), { ok: false, reason: 'token' })
})

test('mode Closed: nobody registers', async () => {
  assert.deepEqual(await accountsWith({ registration: 'Closed' }).register('x'), { ok: false, reason: 'closed' })
})

test('a login is noted by day, and only when the day has changed', async () => {
  let day = 20_000
  const touched: number[] = []
  const accounts: AccountStore = {
    ...live.store.accounts,
    touch: async (id, on) => {
      touched.push(on)
      await live.store.accounts.touch(id, on)
    },
  }
  const { login } = accountsWith({ store: { accounts }, clock: () => day * 86_400_000 + 5 })
  const address = newName()
  await login(address, password)
  assert.deepEqual(touched, [])
  assert.equal((await live.store.accounts.find(address))!.createdDay, 20_000)
  day++
  await login(address, password)
  await login(address, 'wrong-password')
  assert.deepEqual(touched, [20_001])
})

test('a reconnect storm of verified clients hashes nothing', async () => {
  const slow = accountsWith({ cost: { ln: 14, r: 8, p: 1 } })
  const address = newName()
  await slow.login(address, password)
  const { login } = slow
  const storm = await Promise.all(Array.from({ length: 500 }, () => login(address, password)))
  assert.ok(storm.every(({ ok }) => ok))
})

test('a flood is answered with "unavailable" beyond the bound, and passes', async () => {
  const { login } = accountsWith({ limits: { running: 1, waiting: 20, perName: 4 } })
  const flood = await Promise.all(Array.from({ length: 300 }, () => login(newName(), password)))
  const count = (reason: string) => flood.filter((result) => !result.ok && result.reason === reason).length
  assert.equal(flood.filter(({ ok }) => ok).length, 21)
  assert.equal(count('unavailable'), 279)
  assert.ok((await login(newName(), password)).ok)
})

test('guessing at one account leaves the others their places', async () => {
  const { login } = accountsWith({ limits: { running: 1, waiting: 20, perName: 4 } })
  const address = newName()
  await login(address, password)
  const guesses = Array.from({ length: 100 }, (_, index) => login(address, `wrong-guess-${index}`))
  const other = login(newName(), password)
  const outcomes = Map.groupBy(await Promise.all(guesses), (result) => (result.ok ? 'ok' : result.reason))
  assert.deepEqual([outcomes.get('refused')?.length, outcomes.get('unavailable')?.length], [4, 96])
  assert.ok((await other).ok)
})

test('a failing store is "unavailable", told once and never thrown', async () => {
  const broken = async (): Promise<never> => {
    throw new Error('disk full')
  }
  const found: Account[] = []
  const errors: unknown[] = []
  const accounts: AccountStore = { ...live.store.accounts, find: async () => found[0] ?? null, create: broken }
  const { login, register } = accountsWith({
    store: { accounts },
    registration: 'Open',
    onError: (error) => errors.push(error),
  })
  assert.deepEqual(await login(newName(), password), { ok: false, reason: 'unavailable' })
  found.push({ id: 1, address: 'x', verifier: 'no verifier', createdDay: 1, lastLoginDay: 1 })
  assert.deepEqual(await login(newName(), password), { ok: false, reason: 'unavailable' })
  assert.equal(errors.length, 2)
  accounts.find = broken
  assert.deepEqual(await register(null), { ok: false, reason: 'unavailable' })
})

test('no password is in the folder', async () => {
  await accountsWith().login(newName(), password)
  for (const entry of await readdir(live.dir, { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      assert.ok(!(await readFile(join(entry.parentPath, entry.name))).includes(password), `in ${entry.name}`)
})
