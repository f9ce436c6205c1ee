/** Reloads, second tabs, double clicks: one payment. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { CANCELLED_ON_PHONE, COMPLETED, FakeStorage, ID, REQUEST, answerLost, gaveUp, hangs, json, lost, openTab, reload, reloadedAfter, settled, watched } from './fakes.js';

const denied = () => {
  throw new Error('denied');
};
const DENIED = { getItem: denied, setItem: denied, removeItem: denied };

test('a double click sends one push, and both callers get the same outcome', async () => {
  const { client, api, clock } = openTab();
  const phases = [[], []];
  const clicks = phases.map((seen) => watched(client.processPayment(REQUEST, { onUpdate: ({ phase }) => seen.push(phase) })));
  await clock.advance(1);
  api.becomes(COMPLETED);
  await clock.advance(5);
  assert.equal(api.pushes.length, 1);
  assert.equal(clicks[0].outcome.payment_id, clicks[1].outcome.payment_id);
  assert.ok(phases[1].includes('waiting'));
});

test('bookings 7 and "7" are one, 8 is another', async () => {
  const { client, api, clock } = openTab();
  void client.processPayment({ ...REQUEST, booking_id: 7 });
  void client.processPayment({ ...REQUEST, booking_id: '7' });
  await clock.advance(0);
  assert.equal(api.pushes.length, 1);
  void client.processPayment({ ...REQUEST, booking_id: 8 });
  await clock.advance(0);
  assert.equal(api.pushes.length, 2);
  assert.equal(new Set(api.keys).size, 2);
});

test('two tabs share one key and therefore one payment', async () => {
  const first = openTab();
  const second = reload(first);
  void first.client.processPayment(REQUEST);
  void second.client.processPayment(REQUEST);
  await first.clock.advance(0);
  assert.equal(first.api.payments.size, 1);
  assert.equal(new Set(first.api.keys).size, 1);
});

test('a reload while the phone is asked resumes the payment and sends nothing', async () => {
  const before = openTab();
  await before.press(4);
  const { client, api, clock, pays } = reload(before);
  const updates = [];
  const watch = watched(client.resumePayment('7', { onUpdate: (update) => updates.push(update) }));
  await clock.advance(0);
  assert.partialDeepStrictEqual(updates[0], { resumed: true, phase: 'waiting' });
  await pays(watch);
  assert.equal(api.pushes.length, 1);
});

test('a reload before the answer to the push arrives finds the payment by its booking', async () => {
  const before = openTab();
  before.api.posts.push((request) => {
    before.api.accept(request);
    return hangs(request);
  });
  await before.press(1);
  const { client, api, clock, pays } = reload(before);
  const watch = watched(client.resumePayment(7));
  await clock.advance(1);
  await pays(watch);
  assert.equal(api.pushes.length, 1);
});

test('pay pressed after such a reload repeats the key: still one payment', async () => {
  const { api, press, pays } = reload(await gaveUp({ first: answerLost }));
  const watch = await press(1);
  await pays(watch);
  assert.equal(new Set(api.keys).size, 1);
  assert.equal(api.payments.size, 1);
});

test('another phone number after a lost answer follows the payment that exists', async () => {
  const { api, press, pays } = await gaveUp({ first: answerLost });
  const updates = [];
  const watch = await press(1, { phone_number: '0722000000' }, { onUpdate: (u) => updates.push(u) });
  assert.partialDeepStrictEqual(updates.at(-1), { resumed: true, payment_id: ID(1) });
  await pays(watch);
  assert.equal(api.payments.size, 1);
});

test('another phone number after a request that never arrived is asked, with the same key', async () => {
  const { api, press } = await gaveUp();
  await press(1, { phone_number: '0722000000' });
  assert.equal(api.payments.size, 1);
  assert.equal([...api.payments.values()][0].body.phone_number, '254722000000');
  assert.equal(new Set(api.keys).size, 1);
});

test('a live payment from another device is followed, not doubled', async () => {
  const phone = openTab();
  await phone.press(1);
  const { api, clock, press, pays } = openTab({ clock: phone.clock, api: phone.api });
  const watch = await press(1);
  assert.equal(api.payments.size, 1);
  await pays(watch);
});

test('a payment from another device is found on arrival', async () => {
  const phone = openTab();
  await phone.press(1);
  phone.api.becomes(COMPLETED);
  const { client, api } = openTab({ clock: phone.clock, api: phone.api });
  assert.equal((await client.resumePayment(7)).outcome, 'completed');
  assert.equal(api.pushes.length, 1);
});

test('a booking that nobody has paid for has nothing to resume', async () => {
  const { client, api, storage } = openTab();
  assert.equal(await client.resumePayment(7), null);
  assert.equal(api.pushes.length, 0);
  assert.equal(storage.items.size, 0);
});

test('arriving without network: nothing to resume, or offline where a payment is remembered', async () => {
  const fresh = openTab();
  fresh.api.bookings.push(lost);
  assert.equal(await fresh.client.resumePayment(7), null);

  const before = openTab();
  before.api.posts = Array(20).fill(lost);
  await before.press(1);
  const after = reload(before);
  after.api.bookings.push(lost);
  assert.equal((await after.client.resumePayment(7)).outcome, 'offline');
});

test('an unknown booking is refused on arrival', async () => {
  const { client, api } = openTab();
  api.bookings.push(() => json(404, { success: false, error: 'Consultation not found', code: 'not_found' }));
  assert.partialDeepStrictEqual(await client.resumePayment(7), { outcome: 'refused', error: 'Consultation not found' });
});

test('trying again after a failure is a new payment with a new key', async () => {
  const { api, clock, press } = openTab();
  await press(1);
  api.becomes(CANCELLED_ON_PHONE);
  await clock.advance(5);
  await press(1);
  assert.equal(api.payments.size, 2);
  assert.equal(new Set(api.keys).size, 2);
});

test('pay pressed on a payment that failed while nobody looked asks the phone anew', async () => {
  const { api, press, pays } = await reloadedAfter(CANCELLED_ON_PHONE);
  const watch = await press(1);
  assert.equal(api.payments.size, 2);
  await pays(watch, ID(2));
});

test('pay pressed while the failed prompt may still be open sends nothing and says when', async () => {
  const can_retry_at = '2026-11-23T10:05:00+03:00';
  const { client, api } = await reloadedAfter({ ...CANCELLED_ON_PHONE, can_retry: false, can_retry_at });
  assert.partialDeepStrictEqual(await client.processPayment(REQUEST), { outcome: 'failed', can_retry_at });
  assert.equal(api.pushes.length, 1);
});

test('a failure that forbids a retry without a time does not lock the booking in this browser', async () => {
  const { api, clock, press } = openTab();
  await press(1);
  api.becomes({ ...CANCELLED_ON_PHONE, ResultCode: '4', can_retry: false });
  await clock.advance(5);
  await press(1);
  assert.equal(api.payments.size, 2);
});

test('pay pressed on a payment that was completed while nobody looked shows the receipt', async () => {
  const { client, api } = await reloadedAfter(COMPLETED);
  assert.equal((await client.processPayment(REQUEST)).outcome, 'completed');
  assert.equal(api.pushes.length, 1);
});

test('at most one new push comes from one press, even if that one fails at once', async () => {
  const { api, press } = await reloadedAfter(CANCELLED_ON_PHONE);
  api.posts.push((request) => {
    const answer = api.accept(request);
    api.becomes(CANCELLED_ON_PHONE, ID(2));
    return answer;
  });
  const watch = await press(5);
  assert.equal(watch.outcome.outcome, 'failed');
  assert.equal(api.pushes.length, 2);
});

test("another's or a lost payment is refused once and then forgotten", async () => {
  const before = openTab();
  await before.press(4);
  before.api.states.clear();
  const { client, storage } = reload(before);
  assert.equal((await client.resumePayment(7)).http_status, 404);
  assert.equal(storage.items.size, 0);
});

for (const [what, status, code, error, keys] of [
  ['a refused key is not used again', 502, 'provider_refused', 'Failed to initiate payment', 2],
  ['a key that may have reached the server is kept after "busy"', 503, 'busy', 'Busy', 1],
]) {
  test(what, async () => {
    const { client, api, press } = openTab();
    api.posts.push(() => json(status, { success: false, error, code }));
    await client.processPayment(REQUEST);
    await press(1);
    assert.equal(new Set(api.keys).size, keys);
  });
}

test('an aborted first caller does not take a second one down', async () => {
  const { client, api, clock, press, pays } = openTab();
  const controller = new AbortController();
  const first = await press(1, {}, { signal: controller.signal });
  const second = watched(client.processPayment(REQUEST));
  controller.abort();
  await clock.advance(1);
  assert.equal(first.error.name, 'AbortError');
  await pays(second);
  assert.equal(api.pushes.length, 1);
});

test('a page that looks first and is paid on meanwhile pays once', async () => {
  const { client, api, pays, press } = openTab();
  const arrival = watched(client.resumePayment(7));
  const watch = await press(1);
  assert.equal(arrival.outcome, null);
  assert.equal(api.pushes.length, 1);
  await pays(watch);
});

test('a browser that refuses storage still pays once per page', async () => {
  const { api, press, pays } = openTab({ storage: DENIED });
  api.posts.push(answerLost(api));
  const watch = await press(3);
  assert.equal(new Set(api.keys).size, 1);
  await pays(watch);
});

for (const text of ['not json', 'null', '7', '{"payment_id":"x"}']) {
  test(`a stored record ${text} is treated as none`, async () => {
    const storage = new FakeStorage();
    storage.setItem('mpesa-payment:7', text);
    const { client, api, clock } = openTab({ storage });
    void client.processPayment(REQUEST);
    await clock.advance(0);
    assert.equal(api.pushes.length, 1);
    await settled();
  });
}

test('a reused key is given up once per press, never in a loop', async () => {
  const { client, api } = openTab();
  const reused = () => json(409, { success: false, error: 'Used for another request', code: 'idempotency_key_reused' });
  api.posts.push(reused, reused, reused);
  assert.equal((await client.processPayment(REQUEST)).outcome, 'refused');
  assert.equal(api.pushes.length, 2);
});

test('another phone number after the first payment failed unseen is a new payment', async () => {
  const { api, press, pays } = await gaveUp({ first: answerLost });
  api.becomes(CANCELLED_ON_PHONE);
  const watch = await press(1, { phone_number: '0722000000' });
  assert.equal(api.payments.size, 2);
  await pays(watch, ID(2));
});

test('one press starts anew once, even if what stands in the way has failed too', async () => {
  const before = openTab();
  await before.press(4);
  before.api.becomes(CANCELLED_ON_PHONE);
  before.api.states.set(ID(2), { ...CANCELLED_ON_PHONE, payment_id: ID(2), booking_id: '7' });
  const { api, press } = reload(before);
  const inTheWay = () => json(409, { success: false, error: 'In progress', code: 'payment_in_progress', payment_id: ID(2) });
  api.posts = Array(5).fill(inTheWay);
  const watch = await press(5);
  assert.partialDeepStrictEqual(watch.outcome, { outcome: 'failed', payment_id: ID(2) });
  assert.equal(api.pushes.length, 2);
});

test('a browser that refuses storage repeats the key at the next press too', async () => {
  const { api, press } = await gaveUp({ storage: DENIED });
  await press(1);
  assert.equal(new Set(api.keys).size, 1);
});
