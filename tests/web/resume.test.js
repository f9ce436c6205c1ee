/** Reloads, second tabs, double clicks: one payment. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { CANCELLED_ON_PHONE, COMPLETED, FakeStorage, ID, REQUEST, answerLost, hangs, json, lost, openTab, settled, watched } from './fakes.js';

const reload = ({ clock, storage, api }) => openTab({ clock, storage, api });

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
  void before.client.processPayment(REQUEST);
  await before.clock.advance(4);
  const { client, api, clock } = reload(before);
  const updates = [];
  const watch = watched(client.resumePayment('7', { onUpdate: (update) => updates.push(update) }));
  await clock.advance(0);
  assert.equal(updates[0].resumed, true);
  assert.equal(updates[0].phase, 'waiting');
  api.becomes(COMPLETED);
  await clock.advance(5);
  assert.equal(watch.outcome.outcome, 'completed');
  assert.equal(api.pushes.length, 1);
});

test('a reload before the answer to the push arrives finds the payment by its booking', async () => {
  const before = openTab();
  before.api.posts.push((request) => {
    before.api.accept(request);
    return hangs(request);
  });
  void before.client.processPayment(REQUEST);
  await before.clock.advance(1);
  const { client, api, clock } = reload(before);
  const watch = watched(client.resumePayment(7));
  await clock.advance(1);
  api.becomes(COMPLETED);
  await clock.advance(5);
  assert.equal(watch.outcome.outcome, 'completed');
  assert.equal(api.pushes.length, 1);
});

test('pay pressed after such a reload repeats the key: still one payment', async () => {
  const before = openTab();
  before.api.posts.push(answerLost(before.api), ...Array(20).fill(lost));
  const gaveUp = watched(before.client.processPayment(REQUEST));
  await before.clock.advance(120);
  assert.equal(gaveUp.outcome.outcome, 'offline');
  assert.equal(gaveUp.outcome.payment_id, null);
  before.api.posts = [];
  const { client, api, clock } = reload(before);
  const watch = watched(client.processPayment(REQUEST));
  await clock.advance(1);
  api.becomes(COMPLETED);
  await clock.advance(5);
  assert.equal(watch.outcome.outcome, 'completed');
  assert.equal(new Set(api.keys).size, 1);
  assert.equal(api.payments.size, 1);
});

test('another phone number after a lost answer follows the payment that exists', async () => {
  const { client, api, clock } = openTab();
  api.posts.push(answerLost(api), ...Array(20).fill(lost));
  watched(client.processPayment(REQUEST));
  await clock.advance(120);
  api.posts = [];
  const updates = [];
  const watch = watched(client.processPayment({ ...REQUEST, phone_number: '0722000000' }, { onUpdate: (u) => updates.push(u) }));
  await clock.advance(1);
  assert.equal(updates.at(-1).resumed, true);
  assert.equal(updates.at(-1).payment_id, ID(1));
  api.becomes(COMPLETED);
  await clock.advance(5);
  assert.equal(watch.outcome.outcome, 'completed');
  assert.equal(api.payments.size, 1);
});

test('another phone number after a request that never arrived is asked, with the same key', async () => {
  const { client, api, clock } = openTab();
  api.posts = Array(20).fill(lost);
  watched(client.processPayment(REQUEST));
  await clock.advance(120);
  api.posts = [];
  watched(client.processPayment({ ...REQUEST, phone_number: '0722000000' }));
  await clock.advance(1);
  assert.equal(api.payments.size, 1);
  assert.equal([...api.payments.values()][0].body.phone_number, '254722000000');
  assert.equal(new Set(api.keys).size, 1);
});

test('a live payment from another device is followed, not doubled', async () => {
  const phone = openTab();
  void phone.client.processPayment(REQUEST);
  await phone.clock.advance(1);
  const { client, api, clock } = openTab({ clock: phone.clock, api: phone.api });
  const watch = watched(client.processPayment(REQUEST));
  await clock.advance(1);
  assert.equal(api.payments.size, 1);
  api.becomes(COMPLETED);
  await clock.advance(5);
  assert.equal(watch.outcome.outcome, 'completed');
  assert.equal(watch.outcome.payment_id, ID(1));
});

test('a payment from another device is found on arrival', async () => {
  const phone = openTab();
  void phone.client.processPayment(REQUEST);
  await phone.clock.advance(1);
  phone.api.becomes(COMPLETED);
  const { client, api } = openTab({ clock: phone.clock, api: phone.api });
  const outcome = await client.resumePayment(7);
  assert.equal(outcome.outcome, 'completed');
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
  watched(before.client.processPayment(REQUEST));
  await before.clock.advance(1);
  const after = reload(before);
  after.api.bookings.push(lost);
  assert.equal((await after.client.resumePayment(7)).outcome, 'offline');
});

test('an unknown booking is refused on arrival', async () => {
  const { client, api } = openTab();
  api.bookings.push(() => json(404, { success: false, error: 'Consultation not found', code: 'not_found' }));
  const outcome = await client.resumePayment(7);
  assert.equal(outcome.outcome, 'refused');
  assert.equal(outcome.error, 'Consultation not found');
});

test('trying again after a failure is a new payment with a new key', async () => {
  const { client, api, clock } = openTab();
  watched(client.processPayment(REQUEST));
  await clock.advance(1);
  api.becomes(CANCELLED_ON_PHONE);
  await clock.advance(5);
  watched(client.processPayment(REQUEST));
  await clock.advance(1);
  assert.equal(api.payments.size, 2);
  assert.equal(new Set(api.keys).size, 2);
});

test('pay pressed on a payment that failed while nobody looked asks the phone anew', async () => {
  const before = openTab();
  void before.client.processPayment(REQUEST);
  await before.clock.advance(4);
  before.api.becomes(CANCELLED_ON_PHONE);
  const { client, api, clock } = reload(before);
  const watch = watched(client.processPayment(REQUEST));
  await clock.advance(1);
  assert.equal(api.payments.size, 2);
  api.becomes(COMPLETED, ID(2));
  await clock.advance(5);
  assert.equal(watch.outcome.payment_id, ID(2));
});

test('pay pressed while the failed prompt may still be open sends nothing and says when', async () => {
  const before = openTab();
  void before.client.processPayment(REQUEST);
  await before.clock.advance(4);
  before.api.becomes({ ...CANCELLED_ON_PHONE, can_retry: false, can_retry_at: '2026-11-23T10:05:00+03:00' });
  const { client, api } = reload(before);
  const outcome = await client.processPayment(REQUEST);
  assert.equal(outcome.outcome, 'failed');
  assert.equal(outcome.can_retry_at, '2026-11-23T10:05:00+03:00');
  assert.equal(api.pushes.length, 1);
});

test('a failure that forbids a retry without a time does not lock the booking in this browser', async () => {
  const { client, api, clock } = openTab();
  watched(client.processPayment(REQUEST));
  await clock.advance(1);
  api.becomes({ ...CANCELLED_ON_PHONE, ResultCode: '4', can_retry: false });
  await clock.advance(5);
  watched(client.processPayment(REQUEST));
  await clock.advance(1);
  assert.equal(api.payments.size, 2);
});

test('pay pressed on a payment that was completed while nobody looked shows the receipt', async () => {
  const before = openTab();
  void before.client.processPayment(REQUEST);
  await before.clock.advance(4);
  before.api.becomes(COMPLETED);
  const { client, api } = reload(before);
  const outcome = await client.processPayment(REQUEST);
  assert.equal(outcome.outcome, 'completed');
  assert.equal(api.pushes.length, 1);
});

test('at most one new push comes from one press, even if that one fails at once', async () => {
  const before = openTab();
  void before.client.processPayment(REQUEST);
  await before.clock.advance(4);
  before.api.becomes(CANCELLED_ON_PHONE);
  const { client, api, clock } = reload(before);
  api.posts.push((request) => {
    const answer = api.accept(request);
    api.becomes(CANCELLED_ON_PHONE, ID(2));
    return answer;
  });
  const watch = watched(client.processPayment(REQUEST));
  await clock.advance(5);
  assert.equal(watch.outcome.outcome, 'failed');
  assert.equal(api.pushes.length, 2);
});

test("another's or a lost payment is refused once and then forgotten", async () => {
  const before = openTab();
  void before.client.processPayment(REQUEST);
  await before.clock.advance(4);
  before.api.states.clear();
  const { client, storage } = reload(before);
  assert.equal((await client.resumePayment(7)).http_status, 404);
  assert.equal(storage.items.size, 0);
});

test('a refused key is not used again', async () => {
  const { client, api, clock } = openTab();
  api.posts.push(() => json(502, { success: false, error: 'Failed to initiate payment', code: 'provider_refused' }));
  await client.processPayment(REQUEST);
  watched(client.processPayment(REQUEST));
  await clock.advance(1);
  assert.equal(new Set(api.keys).size, 2);
});

test('a key that may have reached the server is kept after "busy"', async () => {
  const { client, api, clock } = openTab();
  api.posts.push(() => json(503, { success: false, error: 'Busy', code: 'busy' }));
  await client.processPayment(REQUEST);
  watched(client.processPayment(REQUEST));
  await clock.advance(1);
  assert.equal(new Set(api.keys).size, 1);
});

test('an aborted first caller does not take a second one down', async () => {
  const { client, api, clock } = openTab();
  const controller = new AbortController();
  const first = watched(client.processPayment(REQUEST, { signal: controller.signal }));
  await clock.advance(1);
  const second = watched(client.processPayment(REQUEST));
  controller.abort();
  await clock.advance(1);
  assert.equal(first.error.name, 'AbortError');
  api.becomes(COMPLETED);
  await clock.advance(5);
  assert.equal(second.outcome.outcome, 'completed');
  assert.equal(api.pushes.length, 1);
});

test('a page that looks first and is paid on meanwhile pays once', async () => {
  const { client, api, clock } = openTab();
  const arrival = watched(client.resumePayment(7));
  const press = watched(client.processPayment(REQUEST));
  await clock.advance(1);
  assert.equal(arrival.outcome, null);
  assert.equal(api.pushes.length, 1);
  api.becomes(COMPLETED);
  await clock.advance(5);
  assert.equal(press.outcome.outcome, 'completed');
});

test('a browser that refuses storage still pays once per page', async () => {
  const closed = { getItem() { throw new Error('denied'); }, setItem() { throw new Error('denied'); }, removeItem() { throw new Error('denied'); } };
  const { client, api, clock } = openTab({ storage: closed });
  api.posts.push(answerLost(api));
  const watch = watched(client.processPayment(REQUEST));
  await clock.advance(3);
  assert.equal(new Set(api.keys).size, 1);
  api.becomes(COMPLETED);
  await clock.advance(5);
  assert.equal(watch.outcome.outcome, 'completed');
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
  const outcome = await client.processPayment(REQUEST);
  assert.equal(outcome.outcome, 'refused');
  assert.equal(api.pushes.length, 2);
});

test('another phone number after the first payment failed unseen is a new payment', async () => {
  const { client, api, clock } = openTab();
  api.posts.push(answerLost(api), ...Array(20).fill(lost));
  watched(client.processPayment(REQUEST));
  await clock.advance(120);
  api.posts = [];
  api.becomes(CANCELLED_ON_PHONE);
  const watch = watched(client.processPayment({ ...REQUEST, phone_number: '0722000000' }));
  await clock.advance(1);
  assert.equal(api.payments.size, 2);
  api.becomes(COMPLETED, ID(2));
  await clock.advance(5);
  assert.equal(watch.outcome.payment_id, ID(2));
});

test('one press starts anew once, even if what stands in the way has failed too', async () => {
  const before = openTab();
  void before.client.processPayment(REQUEST);
  await before.clock.advance(4);
  before.api.becomes(CANCELLED_ON_PHONE);
  before.api.states.set(ID(2), { ...CANCELLED_ON_PHONE, payment_id: ID(2), booking_id: '7' });
  const { client, api, clock } = reload(before);
  const inTheWay = () => json(409, { success: false, error: 'In progress', code: 'payment_in_progress', payment_id: ID(2) });
  api.posts = Array(5).fill(inTheWay);
  const watch = watched(client.processPayment(REQUEST));
  await clock.advance(5);
  assert.equal(watch.outcome.outcome, 'failed');
  assert.equal(watch.outcome.payment_id, ID(2));
  assert.equal(api.pushes.length, 2);
});

test('a browser that refuses storage repeats the key at the next press too', async () => {
  const denied = () => {
    throw new Error('denied');
  };
  const { client, api, clock } = openTab({ storage: { getItem: denied, setItem: denied, removeItem: denied } });
  api.posts = Array(20).fill(lost);
  watched(client.processPayment(REQUEST));
  await clock.advance(120);
  api.posts = [];
  watched(client.processPayment(REQUEST));
  await clock.advance(1);
  assert.equal(new Set(api.keys).size, 1);
});
