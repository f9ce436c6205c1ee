import assert from 'node:assert/strict';
import test from 'node:test';
import { formatPhoneNumber, isValidMpesaPhone } from '../../web/mpesa-client.js';

const ACCEPTED = {
  '0712345678': '254712345678',
  '0112345678': '254112345678',
  '712345678': '254712345678',
  '112345678': '254112345678',
  '254712345678': '254712345678',
  '254112345678': '254112345678',
  '+254712345678': '254712345678',
  '+254 112 345 678': '254112345678',
  ' 0712-345-678 ': '254712345678',
  '(0712) 345.678': '254712345678',
  '0712\u00a0345\u00a0678': '254712345678',
};

const REFUSED = [
  '', ' ', '0', '07123456789', '071234567', '0812345678', '0212345678', '2540712345678', '+2540712345678',
  '00254712345678', '255712345678', '1234', '+712345678', '+0712345678', 'abc0712345678', '0712345678x', '07123٤5678',
  '0712345678\n0712345678', '254812345678', '++254712345678',
];

for (const [typed, canonical] of Object.entries(ACCEPTED)) {
  test(`"${typed}" becomes ${canonical}`, () => {
    assert.equal(formatPhoneNumber(typed), canonical);
    assert.equal(isValidMpesaPhone(typed), true);
    assert.equal(formatPhoneNumber(formatPhoneNumber(typed)), canonical);
  });
}

for (const typed of REFUSED) {
  test(`${JSON.stringify(typed)} is no M-Pesa number, before and after formatting`, () => {
    assert.equal(isValidMpesaPhone(typed), false);
    assert.equal(isValidMpesaPhone(formatPhoneNumber(typed)), false);
    assert.equal(formatPhoneNumber(typed), typed.trim());
  });
}

test('a number, null and undefined are no crash', () => {
  assert.equal(formatPhoneNumber(712345678), '254712345678');
  assert.equal(isValidMpesaPhone(null), false);
  assert.equal(isValidMpesaPhone(undefined), false);
});
