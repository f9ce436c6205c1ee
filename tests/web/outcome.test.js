/** Every answer of the service becomes the one outcome that is true of it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { CANCELLED_ON_PHONE, COMPLETED, ID, REQUEST, json, openTab } from './fakes.js';

const can_retry_at = '2026-11-23T10:05:00+03:00';
const REVIEW = { status: 'pending', detail: 'review', customer_message: 'We received your money.' };
// What becomes of the payment, what the page is told of it, and how many payments are remembered then.
const ENDS = [
  ['a paid payment is completed, with its receipt',
    COMPLETED, { outcome: 'completed', success: true, receipt_number: 'TKN0000001', payment: { status: 'completed' } }, 0],
  ['a completed payment whose receipt is still on its way is completed',
    { ...COMPLETED, mpesa_receipt_number: null }, { outcome: 'completed', receipt_number: null }, 0],
  ['a cancelled prompt is failed, with the sentence for the customer and a new try allowed',
    CANCELLED_ON_PHONE, { outcome: 'failed', success: false, customer_message: 'The request was cancelled on the phone.', can_retry: true }, 0],
  ['a failed payment whose prompt may still be open says when to try again, and stays remembered',
    { ...CANCELLED_ON_PHONE, can_retry: false, can_retry_at }, { can_retry: false, can_retry_at }, 1],
  ['an expired payment is failed', { status: 'cancelled', detail: 'cancelled', can_retry: true }, { outcome: 'failed' }, 0],
  ['money under review is neither pending nor failed',
    REVIEW, { outcome: 'review', can_retry: false, customer_message: 'We received your money.' }, 1],
  ...['refund_due', 'refunded'].map((detail) => [`${detail} is refund_due, though its public status is failed`,
    { status: 'failed', detail, can_retry: false }, { outcome: 'refund_due', can_retry: false }, 0]),
];

for (const [what, change, told, remembered] of ENDS) {
  test(what, async () => {
    const { api, clock, storage, press } = openTab();
    const watch = await press(1);
    api.becomes(change);
    await clock.advance(5);
    assert.equal(watch.settled, true);
    assert.partialDeepStrictEqual(watch.outcome, told);
    assert.equal(storage.items.size, remembered);
  });
}

test('a status word from the future is waiting, not failure', async () => {
  const { api, clock, press } = openTab();
  const watch = await press(1);
  api.becomes({ status: 'sleeping', detail: 'sleeping' });
  await clock.advance(30);
  assert.equal(watch.settled, false);
  await clock.advance(40);
  assert.equal(watch.outcome.outcome, 'pending');
});

const REFUSALS = [
  [400, 'invalid_request', 'The amount is not the price of this consultation', null],
  [403, 'forbidden', 'Not allowed', null],
  [404, 'not_found', 'Consultation not found', null],
  [409, 'already_paid', 'This consultation has already been paid for', null],
  [429, 'too_many_prompts', 'Too many requests to this phone', 300],
  [502, 'provider_refused', 'Failed to initiate payment', null],
  [503, 'provider_busy', 'M-Pesa is busy', 20],
];

for (const [status, code, error, seconds] of REFUSALS) {
  test(`HTTP ${status} ${code} is refused, once, in the service's words`, async () => {
    const { client, api } = openTab();
    api.posts.push(() => json(status, { success: false, error, code }, seconds ? { 'Retry-After': String(seconds) } : {}));
    const told = { outcome: 'refused', code, error, http_status: status, retry_after_seconds: seconds };
    assert.partialDeepStrictEqual(await client.processPayment(REQUEST), told);
    assert.equal(api.requests.length, 1);
  });
}

test('a refusal by the gateway itself is refused in its words', async () => {
  const { client, api } = openTab();
  api.posts.push(() => json(429, { message: 'Too Many Requests' }));
  const told = { outcome: 'refused', code: 'http_429', error: 'Too Many Requests' };
  assert.partialDeepStrictEqual(await client.processPayment(REQUEST), told);
});

test('a refusal that names a payment does not restart anything', async () => {
  const { client, api } = openTab();
  api.posts.push(() => json(502, { success: false, error: 'Failed to initiate payment', code: 'x', payment_id: ID(1) }));
  assert.equal((await client.processPayment(REQUEST)).outcome, 'refused');
  assert.equal(api.requests.length, 1);
});

test('a wrong phone number is refused before anything is sent or stored', async () => {
  const { client, api, storage } = openTab();
  const error = 'Invalid phone number format. Use 254XXXXXXXXX';
  const outcome = await client.processPayment({ ...REQUEST, phone_number: '0812345678' });
  assert.partialDeepStrictEqual(outcome, { outcome: 'refused', code: 'invalid_phone_number', error });
  assert.equal(api.requests.length, 0);
  assert.equal(storage.items.size, 0);
});

test('signed out in the middle: refused, the payment named and remembered', async () => {
  const { client, api, storage, press } = openTab();
  api.looks.push(() => json(401, { success: false, error: 'Please sign in', code: 'unauthorized' }));
  const watch = await press(4);
  assert.partialDeepStrictEqual(watch.outcome, { outcome: 'refused', payment_id: ID(1) });
  assert.equal(storage.items.size, 1);
  api.becomes(COMPLETED);
  assert.equal((await client.resumePayment(7)).outcome, 'completed');
});
