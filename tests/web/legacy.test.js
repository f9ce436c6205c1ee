/** The single steps, under the names that older frontends call. */
import assert from 'node:assert/strict';
import test from 'node:test';
import * as module from '../../web/mpesa-client.js';
import { CANCELLED_ON_PHONE, COMPLETED, ID, REQUEST, json, lost, openTab, watched } from './fakes.js';

test('initiateSTKPush, then checkPaymentStatus by hand', async () => {
  const { client, api } = openTab();
  const { initiateSTKPush, checkPaymentStatus } = client;
  const push = await initiateSTKPush(REQUEST);
  assert.equal(push.payment_id, ID(1));
  assert.equal((await checkPaymentStatus(push.payment_id)).status, 'pending');
  api.becomes(COMPLETED);
  assert.equal((await checkPaymentStatus(push.payment_id)).mpesa_receipt_number, 'TKN0000001');
});

test('two pushes by hand for one booking are one payment until it has ended', async () => {
  const { client, api } = openTab();
  await client.initiateSTKPush(REQUEST);
  await client.initiateSTKPush(REQUEST);
  assert.equal(api.payments.size, 1);
  api.becomes(CANCELLED_ON_PHONE);
  await client.checkPaymentStatus(ID(1));
  assert.equal((await client.initiateSTKPush(REQUEST)).payment_id, ID(2));
});

test('pollPaymentStatus settles with an outcome and takes a CheckoutRequestID', async () => {
  const { client, api, clock } = openTab();
  await client.initiateSTKPush(REQUEST);
  api.states.set('ws_CO_1', api.states.get(ID(1)));
  const watch = watched(client.pollPaymentStatus('ws_CO_1'));
  await clock.advance(1);
  api.states.set('ws_CO_1', { ...api.states.get(ID(1)), ...COMPLETED });
  await clock.advance(4);
  assert.equal(watch.outcome.outcome, 'completed');
});

test('a refusal is thrown with its facts', async () => {
  const { client, api } = openTab();
  api.posts.push(() => json(429, { success: false, error: 'Too many requests', code: 'too_many', retry_after_seconds: 60 }));
  const facts = { message: 'Too many requests', code: 'too_many', retry_after_seconds: 60 };
  const error = await client.initiateSTKPush(REQUEST).catch((thrown) => thrown);
  assert.ok(error instanceof module.MpesaError);
  assert.partialDeepStrictEqual({ ...error, message: error.message }, facts);
});

test('no answer is thrown as offline, and the next push repeats the key', async () => {
  const { client, api } = openTab();
  api.posts.push(lost);
  await assert.rejects(client.initiateSTKPush(REQUEST), { name: 'MpesaError', code: 'offline' });
  await client.initiateSTKPush(REQUEST);
  assert.equal(new Set(api.keys).size, 1);
});

test('readBooking gives the price, or throws', async () => {
  const { client, api } = openTab();
  assert.equal((await client.readBooking(7)).price_kes, 100);
  api.bookings.push(() => json(404, { success: false, error: 'Consultation not found', code: 'not_found' }));
  await assert.rejects(client.readBooking(8), { message: 'Consultation not found', http_status: 404 });
});

test("the module's own functions use what configure was given", async () => {
  const { api, clock, storage } = openTab();
  module.configure({ baseUrl: 'http://api.test', token: 'jwt', fetch: api.fetch, clock, storage });
  const push = await module.initiateSTKPush(REQUEST);
  api.becomes(COMPLETED);
  assert.equal((await module.checkPaymentStatus(push.payment_id)).status, 'completed');
  assert.equal((await module.pollPaymentStatus(push.payment_id)).outcome, 'completed');
  assert.equal((await module.resumePayment(7)).outcome, 'completed');
  assert.equal((await module.processPayment({ ...REQUEST, phone_number: 'x' })).code, 'invalid_phone_number');
});

test('a look at an ended payment leaves the key of a newer one alone, also while its answer is lost', async () => {
  for (const look of ['checkPaymentStatus', 'pollPaymentStatus']) {
    const { client, api, clock, storage, press } = openTab();
    await client.initiateSTKPush(REQUEST);
    api.becomes(CANCELLED_ON_PHONE);
    storage.items.clear(); // another tab has seen the end, and asks again
    api.posts.push(lost);
    const newer = await press(0);
    const stored = [...storage.items.values()];
    assert.equal(stored.length, 1);
    await client[look](ID(1));
    assert.deepEqual([...storage.items.values()], stored, look);
    await clock.advance(5);
    assert.equal(new Set(api.keys.slice(1)).size, 1);
    assert.equal(newer.settled, false);
  }
});

test('a receipt is claimed for its payment; a refusal is thrown', async () => {
  const { client, api } = openTab();
  api.posts.push(() => json(202, { success: true }), () => json(429, { success: false, error: 'Enough', code: 'too_many_claims' }));
  await client.claimReceipt(ID(1), 'UKN7RT61SV');
  const { pathname, body } = api.pushes[0];
  assert.equal(pathname, `/api/payments/${ID(1)}/receipt-claims`);
  assert.deepEqual(body, { receipt_number: 'UKN7RT61SV' });
  await assert.rejects(client.claimReceipt(ID(1), 'UKN7RT61SV'), { code: 'too_many_claims', http_status: 429 });
});

test('the prompt\'s time and whose limit it is reach the page', async () => {
  const { api, press } = openTab();
  const updates = [];
  api.posts.push((request) => (api.accept(request), json(200, { success: true, payment_id: ID(1), status: 'pending', poll_after_seconds: 3, prompt_seconds_left: 60 })));
  await press(0, {}, { onUpdate: (update) => updates.push(update) });
  assert.equal(updates.at(-1).prompt_seconds_left, 60);
  const other = openTab();
  other.api.posts.push(() => json(429, { success: false, error: 'Too many', code: 'too_many_prompts', limited_by: 'phone' }));
  assert.equal((await other.client.processPayment(REQUEST)).limited_by, 'phone');
});
