// What a link says of an account.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountOf } from './account-link.ts'

test('dclogin: the account as it is told, with what is usual for the rest', () => {
  assert.deepEqual(accountOf('dclogin:abc@chat.example.org?p=s%20ecret&v=1'), {
    host: 'chat.example.org',
    port: 993,
    security: 'ssl',
    anyCertificate: false,
    address: 'abc@chat.example.org',
    password: 's ecret',
  })
  const { host, port, security, anyCertificate, address } = accountOf(
    'dclogin://abc%40example.org/?p=x&v=1&ih=127.0.0.1&ip=1143&is=plain&ic=3',
  )
  assert.deepEqual(
    [host, port, security, anyCertificate, address],
    ['127.0.0.1', 1143, 'plain', true, 'abc@example.org'],
  )
})

test('dcaccount: a new account of the server, however it is named', () => {
  for (const link of [
    'dcaccount:chat.example.org',
    'dcaccount://chat.example.org',
    'DCACCOUNT:https://chat.example.org/new',
  ]) {
    const { host, address, password } = accountOf(link)
    assert.equal(host, 'chat.example.org')
    assert.match(address, /^[a-z0-9]+@chat\.example\.org$/)
    assert.ok(password.length > 8)
  }
})

test('what is no link says what is wanted', () => {
  const cases: [string, RegExp][] = [
    ['https://chat.example.org', /dclogin:… or dcaccount:DOMAIN is wanted/],
    ['dcaccount:', /dcaccount:DOMAIN is wanted/],
    ['dclogin:abc@example.org', /holds an address and p=PASSWORD/],
    ['dclogin:abc@example.org?p=x&ip=70000', /ip=70000: a port is wanted/],
  ]
  for (const [link, said] of cases) assert.throws(() => accountOf(link), said)
})
