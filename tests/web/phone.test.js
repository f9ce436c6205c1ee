import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { formatPhoneNumber, isValidMpesaPhone } from '../../web/mpesa-client.js';

const { phones } = JSON.parse(readFileSync(new URL('../inputs.json', import.meta.url), 'utf8'));

for (const [typed, canonical] of phones.accepted) {
  test(`${JSON.stringify(typed)} becomes ${canonical}`, () => {
    assert.equal(formatPhoneNumber(typed), canonical);
    assert.equal(isValidMpesaPhone(typed), true);
    assert.equal(formatPhoneNumber(formatPhoneNumber(typed)), canonical);
  });
}

for (const typed of phones.refused) {
  test(`${JSON.stringify(typed)} is no M-Pesa number, before and after formatting`, () => {
    assert.equal(isValidMpesaPhone(typed), false);
    assert.equal(isValidMpesaPhone(formatPhoneNumber(typed)), false);
    assert.equal(formatPhoneNumber(typed), String(typed).trim());
  });
}

test('a number, null and undefined are no crash', () => {
  assert.equal(formatPhoneNumber(712345678), '254712345678');
  assert.equal(isValidMpesaPhone(null), false);
  assert.equal(isValidMpesaPhone(undefined), false);
});
