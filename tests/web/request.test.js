/** What leaves the browser. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { COMPLETED, FakeStorage, REQUEST, answerLost, hangs, json, openTab, watched } from './fakes.js';

test('the push carries the canonical phone, the token, JSON and a key of 32 hex digits', async () => {
  const { client, api, clock } = openTab({ language: 'sw' });
  void client.processPayment(REQUEST);
  await clock.advance(0);
  const [{ url, body, headers }] = api.pushes;
  assert.equal(url, 'http://api.test/api/payment/mpesa/stk-push');
  assert.deepEqual(body, { ...REQUEST, phone_number: '254712345678' });
  assert.equal(headers.Authorization, 'Bearer jwt');
  assert.equal(headers['Content-Type'], 'application/json');
  assert.equal(headers['Accept-Language'], 'sw');
  assert.match(headers['Idempotency-Key'], /^[0-9a-f]{32}$/);
});

test('a base URL may end in a slash', async () => {
  const { client, api, clock } = openTab({ baseUrl: 'http://api.test/' });
  void client.processPayment(REQUEST);
  await clock.advance(0);
  assert.equal(api.pushes[0].url, 'http://api.test/api/payment/mpesa/stk-push');
});

test('the key is stored before the request leaves', async () => {
  const storage = new FakeStorage();
  const { client, api, clock } = openTab({ storage });
  let storedKey;
  api.posts.push((request) => {
    storedKey = JSON.parse(storage.getItem('mpesa-payment:7')).key;
    return api.accept(request);
  });
  void client.processPayment(REQUEST);
  await clock.advance(0);
  assert.equal(storedKey, api.keys[0]);
});

test('no phone number, amount or token is stored in the browser', async () => {
  const { client, clock, storage } = openTab();
  void client.processPayment(REQUEST);
  await clock.advance(4);
  const [text] = [...storage.items.values()];
  assert.deepEqual(Object.keys(JSON.parse(text)).sort(), ['key', 'payment_id']);
  assert.doesNotMatch(text, /712345678|jwt/);
});

test('a lost answer is asked for again with the same key, and there is one payment', async () => {
  const { client, api, clock } = openTab();
  api.posts.push(answerLost(api), answerLost(api));
  const watch = watched(client.processPayment(REQUEST));
  await clock.advance(10);
  assert.equal(api.pushes.length, 3);
  assert.equal(new Set(api.keys).size, 1);
  assert.equal(api.payments.size, 1);
  api.becomes(COMPLETED);
  await clock.advance(5);
  assert.equal(watch.outcome.outcome, 'completed');
});

for (const [what, answer] of [
  ['a 500 without our code', () => json(500, { message: 'Internal Server Error' })],
  ['a 503 of the gateway', () => json(503, { message: 'Service Unavailable' })],
  ['a 504', () => json(504, {})],
  ['a 502 page of a proxy', () => new Response('<html>Bad gateway</html>', { status: 502 })],
  ['a 200 that is not JSON', () => new Response('<html>Log in to the hotel Wi-Fi</html>', { status: 200 })],
  ['a 408', () => json(408, {})],
]) {
  test(`${what} proves nothing: sent again with the same key`, async () => {
    const { client, api, clock } = openTab();
    api.posts.push(answer);
    void client.processPayment(REQUEST);
    await clock.advance(3);
    assert.equal(api.pushes.length, 2);
    assert.equal(new Set(api.keys).size, 1);
  });
}

test('a push without an answer is given up after 35 s and sent again with the same key', async () => {
  const { client, api, clock } = openTab();
  api.posts.push(hangs);
  void client.processPayment(REQUEST);
  await clock.advance(34.9);
  assert.equal(api.pushes.length, 1);
  await clock.advance(2.2);
  assert.equal(api.pushes.length, 2);
  assert.equal(new Set(api.keys).size, 1);
});

test('a token function is asked again after a 401, and told that the last one had expired', async () => {
  const hints = [];
  const token = ({ expired }) => {
    hints.push(expired);
    return expired ? 'new' : 'old';
  };
  const { client, api, clock } = openTab({ token });
  api.posts.push(() => json(401, { success: false, error: 'Token expired', code: 'unauthorized' }));
  void client.processPayment(REQUEST);
  await clock.advance(0);
  assert.deepEqual(hints, [false, true]);
  assert.deepEqual(api.pushes.map((push) => push.headers.Authorization), ['Bearer old', 'Bearer new']);
  assert.equal(new Set(api.keys).size, 1);
});

test('a second 401 is refused', async () => {
  const { client, api } = openTab({ token: () => 'bad' });
  const no = () => json(401, { success: false, error: 'Token invalid', code: 'unauthorized' });
  api.posts.push(no, no);
  const outcome = await client.processPayment(REQUEST);
  assert.equal(outcome.outcome, 'refused');
  assert.equal(outcome.http_status, 401);
  assert.equal(api.requests.length, 2);
});

test('aborting rejects with the reason, leaves no timer, and the payment can be resumed', async () => {
  const { client, api, clock } = openTab();
  const controller = new AbortController();
  const watch = watched(client.processPayment(REQUEST, { signal: controller.signal }));
  await clock.advance(4);
  controller.abort(new Error('the visitor left'));
  await clock.advance(0);
  assert.equal(watch.error.message, 'the visitor left');
  assert.equal(clock.pending, 0);
  api.becomes(COMPLETED);
  assert.equal((await client.resumePayment(7)).outcome, 'completed');
  assert.equal(api.pushes.length, 1);
});

test('aborting during the push rejects too', async () => {
  const { client, api, clock } = openTab();
  api.posts.push(hangs);
  const controller = new AbortController();
  const watch = watched(client.processPayment(REQUEST, { signal: controller.signal }));
  await clock.advance(1);
  controller.abort();
  await clock.advance(0);
  assert.equal(watch.error.name, 'AbortError');
  assert.equal(clock.pending, 0);
});

test('a signal that is already aborted sends nothing', async () => {
  const { client, api } = openTab();
  await assert.rejects(client.processPayment(REQUEST, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  assert.equal(api.requests.length, 0);
});

test('a language function is asked at every request', async () => {
  let language = 'en';
  const { client, api, clock } = openTab({ language: () => language });
  void client.processPayment(REQUEST);
  await clock.advance(1);
  language = 'sw';
  await clock.advance(3);
  assert.deepEqual(api.requests.map(({ headers }) => headers['Accept-Language']), ['en', 'sw']);
});

test('a 429 after a lost first send keeps the key: the first send may have arrived', async () => {
  const { client, api, clock } = openTab();
  const tooMany = () => json(429, { success: false, error: 'Too many', code: 'too_many_prompts', retry_after_seconds: 60 });
  api.posts.push(answerLost(api), tooMany);
  const watch = watched(client.processPayment(REQUEST));
  await clock.advance(120);
  void client.processPayment(REQUEST);
  await clock.advance(3);
  assert.equal(new Set(api.keys).size, 1, 'one key, so one payment');
  assert.equal(api.payments.size, 1);
  assert.ok(watch.settled);
});
