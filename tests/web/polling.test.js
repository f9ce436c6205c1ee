/** When the client looks, and when it stops. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { COMPLETED, ID, REQUEST, json, lost, openTab, watched } from './fakes.js';

test('looks come as the server paces them', async () => {
  const { api, clock, press } = openTab();
  const watch = await press(0);
  api.looks.push(
    () => json(200, { ...api.states.get(ID(1)), poll_after_seconds: 5 }),
    () => json(200, { ...api.states.get(ID(1)), poll_after_seconds: 10 }),
  );
  await clock.advance(2.9);
  assert.deepEqual(api.lookTimes, []);
  await clock.advance(20);
  assert.deepEqual(api.lookTimes, [3, 8, 18, 21]);
  assert.equal(watch.settled, false);
});

test('where the server says nothing: 30 looks, 2 s apart, then pending and never failed', async () => {
  const { api, clock, press } = openTab();
  api.posts.push((request) => {
    api.accept(request);
    api.becomes({ poll_after_seconds: null });
    return json(200, { success: true, payment_id: ID(1), status: 'pending' });
  });
  const watch = await press(59.9);
  assert.equal(watch.settled, false);
  await clock.advance(0.2);
  assert.deepEqual(api.lookTimes, Array.from({ length: 30 }, (_, n) => 2 * (n + 1)));
  assert.partialDeepStrictEqual(watch.outcome, { outcome: 'pending', can_retry: false });
  assert.equal(clock.pending, 0);
});

test('"check again" continues a pending payment without a new push', async () => {
  const { client, api, clock, press, pays } = openTab();
  const first = await press(70);
  assert.equal(first.outcome.outcome, 'pending');
  const again = watched(client.resumePayment(7));
  await clock.advance(4);
  await pays(again);
  assert.equal(api.pushes.length, 1);
});

test('pressing pay on a pending payment continues it without a new push', async () => {
  const { api, press, pays } = openTab();
  await press(70);
  const again = await press(1, { phone_number: '0799999999' });
  await pays(again);
  assert.equal(api.pushes.length, 1);
});

test('a hidden tab looks every 15 s', async () => {
  const { api, page, press } = openTab();
  page.show(false);
  await press(50);
  assert.deepEqual(api.lookTimes, [15, 30, 45]);
});

test('a tab that becomes visible looks at once', async () => {
  const { api, clock, page, press } = openTab();
  page.show(false);
  await press(22);
  page.show(true);
  await clock.advance(0.5);
  assert.deepEqual(api.lookTimes, [15, 22]);
});

test('flicking between tabs never undercuts the pace of the server', async () => {
  const { client, api, clock, page } = openTab();
  void client.processPayment(REQUEST);
  for (let flick = 0; flick < 40; flick += 1) {
    page.show(flick % 2 === 0);
    await clock.advance(0.25);
  }
  assert.deepEqual(api.lookTimes, [3, 6, 9]);
});

test('network drops while waiting are survived and told', async () => {
  const { api, clock, press, pays } = openTab();
  const phases = [];
  const watch = await press(4, {}, { onUpdate: ({ phase }) => phases.push(phase) });
  api.looks.push(lost, lost, lost);
  await clock.advance(25);
  assert.deepEqual(phases.filter((phase, n) => phase !== phases[n - 1]), ['sending', 'waiting', 'reconnecting', 'waiting']);
  await pays(watch);
});

test('a network that comes back ends the wait', async () => {
  const { api, clock, network, press } = openTab();
  await press(1);
  api.looks.push(lost, lost, lost, lost);
  await clock.advance(20);
  const before = api.lookTimes.length;
  network.dispatchEvent(new Event('online'));
  await clock.advance(0);
  assert.equal(api.lookTimes.length, before + 1);
});

test('a network that comes back does not undercut the pace of a server that answers', async () => {
  const { api, clock, network, press } = openTab();
  await press(4);
  network.dispatchEvent(new Event('online'));
  await clock.advance(0);
  assert.deepEqual(api.lookTimes, [3]);
  await clock.advance(2);
  assert.deepEqual(api.lookTimes, [3, 6]);
});

test('a backend that stays down is offline, not failed, and the payment stays remembered', async () => {
  const { client, api, clock, storage, press } = openTab();
  const watch = await press(0);
  api.looks = Array(50).fill(lost);
  await clock.advance(90);
  assert.partialDeepStrictEqual(watch.outcome, { outcome: 'offline', payment_id: ID(1) });
  assert.equal(storage.items.size, 1);
  api.looks = [];
  api.becomes(COMPLETED);
  assert.equal((await client.resumePayment(7)).outcome, 'completed');
  assert.equal(api.pushes.length, 1);
});

test('a backend that was seen waiting and then goes down is pending', async () => {
  const { api, clock, press } = openTab();
  const watch = await press(4);
  api.looks = Array(50).fill(lost);
  await clock.advance(90);
  assert.equal(watch.outcome.outcome, 'pending');
});

for (const status of [429, 503]) {
  test(`a busy service (${status}) is looked at again when it says`, async () => {
    const { api, clock, press } = openTab();
    const watch = await press(1);
    api.looks.push(() => json(status, { success: false, error: 'Busy', code: 'busy' }, { 'Retry-After': '12' }));
    await clock.advance(13);
    assert.deepEqual(api.lookTimes, [3]);
    await clock.advance(1.5);
    assert.deepEqual(api.lookTimes, [3, 15]);
    assert.equal(watch.settled, false);
  });
}

test('a look without an answer is given up after 20 s', async () => {
  const { api, clock, press } = openTab();
  const phases = [];
  await press(1, {}, { onUpdate: ({ phase }) => phases.push(phase) });
  api.looks.push(({ init }) => new Promise((_, reject) => init.signal.addEventListener('abort', () => reject(new Error('aborted')))));
  await clock.advance(21);
  assert.equal(phases.at(-1), 'waiting');
  await clock.advance(1.5);
  assert.equal(phases.at(-1), 'reconnecting');
});

test('a listener that throws does not end the payment', async (t) => {
  t.mock.method(console, 'error', () => {});
  const { press, pays } = openTab();
  const watch = await press(1, {}, { onUpdate: () => { throw new Error('a bug of the page'); } });
  await pays(watch);
  assert.ok(console.error.mock.callCount() > 0);
});

test('waitSeconds 0 is one look', async () => {
  const { client, api, press } = openTab();
  await press(70);
  const before = api.requests.length;
  assert.equal((await client.resumePayment(7, { waitSeconds: 0 })).outcome, 'pending');
  assert.equal(api.requests.length, before + 1);
});
