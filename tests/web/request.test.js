/** What leaves the browser. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { COMPLETED, FakeStorage, REQUEST, answerLost, hangs, json, openTab } from './fakes.js';

test('the push carries the canonical phone, the token, JSON and a key of 32 hex digits', async () => {
  const { api, press } = openTab({ language: 'sw' });
  await press(0);
  const [{ url, body, headers }] = api.pushes;
  assert.equal(url, 'http://api.test/api/payment/mpesa/stk-push');
  assert.deepEqual(body, { ...REQUEST, phone_number: '254712345678' });
  assert.partialDeepStrictEqual(headers, { Authorization: 'Bearer jwt', 'Content-Type': 'application/json', 'Accept-Language': 'sw' });
  assert.match(headers['Idempotency-Key'], /^[0-9a-f]{32}$/);
});

test('a base URL may end in a slash', async () => {
  const { api, press } = openTab({ baseUrl: 'http://api.test/' });
  await press(0);
  assert.equal(api.pushes[0].url, 'http://api.test/api/payment/mpesa/stk-push');
});

test('the key is stored before the request leaves', async () => {
  const storage = new FakeStorage();
  const { api, press } = openTab({ storage });
  let storedKey;
  api.posts.push((request) => {
    storedKey = JSON.parse(storage.getItem('mpesa-payment:7')).key;
    return api.accept(request);
  });
  await press(0);
  assert.equal(storedKey, api.keys[0]);
});

test('no phone number, amount or token is stored in the browser', async () => {
  const { storage, press } = openTab();
  await press(4);
  const [text] = [...storage.items.values()];
  assert.deepEqual(Object.keys(JSON.parse(text)).sort(), ['key', 'payment_id']);
  assert.doesNotMatch(text, /712345678|jwt/);
});

test('a lost answer is asked for again with the same key, and there is one payment', async () => {
  const { api, press, pays } = openTab();
  api.posts.push(answerLost(api), answerLost(api));
  const watch = await press(10);
  assert.equal(api.pushes.length, 3);
  assert.equal(new Set(api.keys).size, 1);
  assert.equal(api.payments.size, 1);
  await pays(watch);
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
    const { api, press } = openTab();
    api.posts.push(answer);
    await press(3);
    assert.equal(api.pushes.length, 2);
    assert.equal(new Set(api.keys).size, 1);
  });
}

test('a push without an answer is given up after 35 s and sent again with the same key', async () => {
  const { api, clock, press } = openTab();
  api.posts.push(hangs);
  await press(34.9);
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
  const { api, press } = openTab({ token });
  api.posts.push(() => json(401, { success: false, error: 'Token expired', code: 'unauthorized' }));
  await press(0);
  assert.deepEqual(hints, [false, true]);
  assert.deepEqual(api.pushes.map((push) => push.headers.Authorization), ['Bearer old', 'Bearer new']);
  assert.equal(new Set(api.keys).size, 1);
});

test('a second 401 is refused', async () => {
  const { client, api } = openTab({ token: () => 'bad' });
  const no = () => json(401, { success: false, error: 'Token invalid', code: 'unauthorized' });
  api.posts.push(no, no);
  assert.partialDeepStrictEqual(await client.processPayment(REQUEST), { outcome: 'refused', http_status: 401 });
  assert.equal(api.requests.length, 2);
});

test('aborting rejects with the reason, leaves no timer, and the payment can be resumed', async () => {
  const { client, api, clock, press } = openTab();
  const controller = new AbortController();
  const watch = await press(4, {}, { signal: controller.signal });
  controller.abort(new Error('the visitor left'));
  await clock.advance(0);
  assert.equal(watch.error.message, 'the visitor left');
  assert.equal(clock.pending, 0);
  api.becomes(COMPLETED);
  assert.equal((await client.resumePayment(7)).outcome, 'completed');
  assert.equal(api.pushes.length, 1);
});

test('aborting during the push rejects too', async () => {
  const { api, clock, press } = openTab();
  api.posts.push(hangs);
  const controller = new AbortController();
  const watch = await press(1, {}, { signal: controller.signal });
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
  const { api, clock, press } = openTab({ language: () => language });
  await press(1);
  language = 'sw';
  await clock.advance(3);
  assert.deepEqual(api.requests.map(({ headers }) => headers['Accept-Language']), ['en', 'sw']);
});

test('a 429 after a lost first send keeps the key: the first send may have arrived', async () => {
  const { api, press } = openTab();
  const tooMany = () => json(429, { success: false, error: 'Too many', code: 'too_many_prompts', retry_after_seconds: 60 });
  api.posts.push(answerLost(api), tooMany);
  const watch = await press(120);
  await press(3);
  assert.equal(new Set(api.keys).size, 1, 'one key, so one payment');
  assert.equal(api.payments.size, 1);
  assert.ok(watch.settled);
});
