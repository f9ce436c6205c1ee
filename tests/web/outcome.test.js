/** Every answer of the service becomes the one outcome that is true of it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { CANCELLED_ON_PHONE, COMPLETED, ID, REQUEST, json, openTab, watched } from './fakes.js';

async function payUntil(change) {
  const tab = openTab();
  const watch = watched(tab.client.processPayment(REQUEST));
  await tab.clock.advance(1);
  tab.api.becomes(change);
  await tab.clock.advance(5);
  assert.equal(watch.settled, true);
  return { ...tab, outcome: watch.outcome };
}

test('a paid payment is completed, with its receipt', async () => {
  const { outcome, storage } = await payUntil(COMPLETED);
  assert.equal(outcome.outcome, 'completed');
  assert.equal(outcome.success, true);
  assert.equal(outcome.receipt_number, 'TKN0000001');
  assert.equal(outcome.payment.status, 'completed');
  assert.equal(storage.items.size, 0);
});

test('a completed payment whose receipt is still on its way is completed', async () => {
  const { outcome } = await payUntil({ ...COMPLETED, mpesa_receipt_number: null });
  assert.equal(outcome.outcome, 'completed');
  assert.equal(outcome.receipt_number, null);
});

test('a cancelled prompt is failed, with the sentence for the customer and a new try allowed', async () => {
  const { outcome, storage } = await payUntil(CANCELLED_ON_PHONE);
  assert.equal(outcome.outcome, 'failed');
  assert.equal(outcome.success, false);
  assert.equal(outcome.customer_message, 'The request was cancelled on the phone.');
  assert.equal(outcome.can_retry, true);
  assert.equal(storage.items.size, 0);
});

test('a failed payment whose prompt may still be open says when to try again, and stays remembered', async () => {
  const can_retry_at = '2026-11-23T10:05:00+03:00';
  const { outcome, storage } = await payUntil({ ...CANCELLED_ON_PHONE, can_retry: false, can_retry_at });
  assert.equal(outcome.can_retry, false);
  assert.equal(outcome.can_retry_at, can_retry_at);
  assert.equal(storage.items.size, 1);
});

test('an expired payment is failed', async () => {
  const { outcome } = await payUntil({ status: 'cancelled', detail: 'cancelled', can_retry: true });
  assert.equal(outcome.outcome, 'failed');
});

test('money under review is neither pending nor failed', async () => {
  const { outcome } = await payUntil({ status: 'pending', detail: 'review', customer_message: 'We received your money.' });
  assert.equal(outcome.outcome, 'review');
  assert.equal(outcome.can_retry, false);
  assert.equal(outcome.customer_message, 'We received your money.');
});

for (const detail of ['refund_due', 'refunded']) {
  test(`${detail} is refund_due, though its public status is failed`, async () => {
    const { outcome } = await payUntil({ status: 'failed', detail, can_retry: false });
    assert.equal(outcome.outcome, 'refund_due');
    assert.equal(outcome.can_retry, false);
  });
}

test('a status word from the future is waiting, not failure', async () => {
  const tab = openTab();
  const watch = watched(tab.client.processPayment(REQUEST));
  await tab.clock.advance(1);
  tab.api.becomes({ status: 'sleeping', detail: 'sleeping' });
  await tab.clock.advance(30);
  assert.equal(watch.settled, false);
  await tab.clock.advance(40);
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
    const outcome = await client.processPayment(REQUEST);
    assert.equal(outcome.outcome, 'refused');
    assert.equal(outcome.code, code);
    assert.equal(outcome.error, error);
    assert.equal(outcome.http_status, status);
    assert.equal(outcome.retry_after_seconds, seconds);
    assert.equal(api.requests.length, 1);
  });
}

test('a refusal by the gateway itself is refused in its words', async () => {
  const { client, api } = openTab();
  api.posts.push(() => json(429, { message: 'Too Many Requests' }));
  const outcome = await client.processPayment(REQUEST);
  assert.equal(outcome.outcome, 'refused');
  assert.equal(outcome.code, 'http_429');
  assert.equal(outcome.error, 'Too Many Requests');
});

test('a refusal that names a payment does not restart anything', async () => {
  const { client, api } = openTab();
  api.posts.push(() => json(502, { success: false, error: 'Failed to initiate payment', code: 'x', payment_id: ID(1) }));
  const outcome = await client.processPayment(REQUEST);
  assert.equal(outcome.outcome, 'refused');
  assert.equal(api.requests.length, 1);
});

test('a wrong phone number is refused before anything is sent or stored', async () => {
  const { client, api, storage } = openTab();
  const outcome = await client.processPayment({ ...REQUEST, phone_number: '0812345678' });
  assert.equal(outcome.outcome, 'refused');
  assert.equal(outcome.code, 'invalid_phone_number');
  assert.equal(outcome.error, 'Invalid phone number format. Use 254XXXXXXXXX');
  assert.equal(api.requests.length, 0);
  assert.equal(storage.items.size, 0);
});

test('signed out in the middle: refused, the payment named and remembered', async () => {
  const { client, api, clock, storage } = openTab();
  api.looks.push(() => json(401, { success: false, error: 'Please sign in', code: 'unauthorized' }));
  const watch = watched(client.processPayment(REQUEST));
  await clock.advance(4);
  assert.equal(watch.outcome.outcome, 'refused');
  assert.equal(watch.outcome.payment_id, ID(1));
  assert.equal(storage.items.size, 1);
  api.becomes(COMPLETED);
  assert.equal((await client.resumePayment(7)).outcome, 'completed');
});
