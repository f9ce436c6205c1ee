/** What the client is given instead of a browser: a clock moved by hand, a storage, a page, and an API. */
import assert from 'node:assert/strict';
import { createMpesaClient } from '../../web/mpesa-client.js';

export class FakeClock {
  time = 1_800_000_000_000;
  #timers = new Map();
  #last = 0;

  now = () => this.time;
  setTimeout = (work, milliseconds) => {
    this.#last += 1;
    this.#timers.set(this.#last, { at: this.time + milliseconds, work });
    return this.#last;
  };
  clearTimeout = (timer) => void this.#timers.delete(timer);

  get pending() {
    return this.#timers.size;
  }

  /** Moves on, timer by timer, letting every promise between them finish. */
  async advance(seconds) {
    const end = this.time + seconds * 1000;
    await settled();
    for (;;) {
      const [next] = [...this.#timers].sort(([, a], [, b]) => a.at - b.at);
      if (!next || next[1].at > end) break;
      const [id, timer] = next;
      this.#timers.delete(id);
      this.time = Math.max(this.time, timer.at);
      timer.work();
      await settled();
    }
    this.time = end;
  }
}

/** Lets every promise that can go on go on. */
export async function settled() {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export class FakeStorage {
  items = new Map();
  getItem = (name) => this.items.get(name) ?? null;
  setItem = (name, value) => void this.items.set(name, String(value));
  removeItem = (name) => void this.items.delete(name);
}

export class FakePage extends EventTarget {
  hidden = false;
  show(visible) {
    this.hidden = !visible;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

export const ID = (n) => String(n).padStart(32, '0');

export function statusBody(changes = {}) {
  return {
    payment_id: ID(1),
    booking_id: '7',
    CheckoutRequestID: 'ws_CO_1',
    status: 'pending',
    detail: 'pending',
    ResultCode: null,
    amount: 100,
    mpesa_receipt_number: null,
    customer_message: 'Check your phone.',
    can_retry: false,
    can_retry_at: null,
    poll_after_seconds: 3,
    ...changes,
  };
}

export const COMPLETED = statusBody({ status: 'completed', detail: 'completed', mpesa_receipt_number: 'TKN0000001' });
export const CANCELLED_ON_PHONE = statusBody({
  status: 'failed',
  detail: 'failed',
  ResultCode: '1032',
  customer_message: 'The request was cancelled on the phone.',
  can_retry: true,
});

/**
 * An API as the server keeps its promises: one key, one payment; a live payment stands in the way of others.
 * `posts`, `looks` and `bookings` are scripts: functions that answer the n-th request instead, or throw.
 */
export class FakeApi {
  requests = [];
  payments = new Map(); // key -> {body, id}
  states = new Map(); // id -> status body
  posts = [];
  looks = [];
  bookings = [];

  fetch = async (url, init) => {
    const { pathname } = new URL(url, 'http://api.test');
    const body = init.body ? JSON.parse(init.body) : undefined;
    const request = { at: this.clock.now(), method: init.method, url, pathname, body, headers: init.headers, init };
    this.requests.push(request);
    if (init.method === 'POST') return this.#next(this.posts, request) ?? this.accept(request);
    if (pathname.startsWith('/api/consultations/')) return this.#next(this.bookings, request) ?? this.#booking(pathname);
    return this.#next(this.looks, request) ?? this.#status(pathname);
  };

  #next(script, request) {
    const step = script.length ? script.shift() : undefined;
    return step?.(request);
  }

  accept({ body, headers }) {
    const key = headers['Idempotency-Key'];
    const known = this.payments.get(key);
    const live = [...this.states.values()].find((state) => state.status === 'pending');
    if (known && JSON.stringify(known.body) !== JSON.stringify(body)) {
      return json(409, { success: false, error: 'Another request had this key', code: 'idempotency_key_reused' });
    }
    if (!known && live) {
      return json(409, { success: false, error: 'A payment is under way', code: 'payment_in_progress', payment_id: live.payment_id });
    }
    const id = known?.id ?? ID(this.payments.size + 1);
    this.payments.set(key, { body, id });
    if (!this.states.has(id)) this.states.set(id, statusBody({ payment_id: id, booking_id: String(body.booking_id) }));
    return json(200, { success: true, payment_id: id, status: this.states.get(id).status, poll_after_seconds: 3 });
  }

  #status(pathname) {
    const state = this.states.get(pathname.split('/').pop());
    return state ? json(200, state) : json(404, { success: false, error: 'Consultation not found', code: 'not_found' });
  }

  #booking(pathname) {
    const booking = pathname.split('/').pop();
    const own = [...this.states.values()].filter((state) => state.booking_id === booking);
    return json(200, {
      booking_id: booking,
      price_kes: 100,
      active_payment_id: own.find((state) => state.status === 'pending')?.payment_id ?? null,
      paid_payment_id: own.find((state) => state.status === 'completed')?.payment_id ?? null,
    });
  }

  /** The payment's new state, as the next look will see it. */
  becomes(change, id = ID(1)) {
    this.states.set(id, { ...this.states.get(id), ...change, payment_id: id });
  }

  of(method) {
    return this.requests.filter((request) => request.method === method);
  }

  get pushes() {
    return this.of('POST');
  }

  get lookTimes() {
    return this.of('GET').map((request) => (request.at - this.requests[0].at) / 1000);
  }

  get keys() {
    return this.pushes.map((request) => request.headers['Idempotency-Key']);
  }
}

export const json = (status, body, headers = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } });

export const lost = () => {
  throw new TypeError('Failed to fetch');
};

/** A request that never comes back until it is aborted. */
export const hangs = ({ init }) =>
  new Promise((_, reject) => init.signal.addEventListener('abort', () => reject(init.signal.reason)));

/** The server does its work, the answer gets lost. */
export const answerLost = (api) => (request) => {
  api.accept(request);
  lost();
};

export const REQUEST = { phone_number: '0712 345 678', amount: 100, booking_id: 7, account_reference: 'CONS7' };

/** A browser tab: give it another's storage and API to open a second one, or to reload. */
export function openTab({ clock = new FakeClock(), storage = new FakeStorage(), api = new FakeApi(), ...options } = {}) {
  api.clock = clock;
  const page = new FakePage();
  const network = new EventTarget();
  const client = createMpesaClient({ baseUrl: 'http://api.test', token: 'jwt', fetch: api.fetch, clock, storage, page, network, ...options });
  /** Presses Pay, and lets some seconds pass. */
  const press = async (seconds, changes = {}, listening = {}) => {
    const watch = watched(client.processPayment({ ...REQUEST, ...changes }, listening));
    await clock.advance(seconds);
    return watch;
  };
  /** Lets the payment be paid: whoever watches is told, and of which payment. */
  const pays = async (watch, id = ID(1)) => {
    api.becomes(COMPLETED, id);
    await clock.advance(5);
    assert.equal(watch.outcome.outcome, 'completed');
    assert.equal(watch.outcome.payment_id, id);
  };
  return { client, clock, storage, api, page, network, press, pays };
}

/** The next page in the same browser. */
export const reload = ({ clock, storage, api }) => openTab({ clock, storage, api });

/** The page after a reload: Pay was pressed before it, and the payment changed while nobody looked. */
export async function reloadedAfter(change) {
  const before = openTab();
  await before.press(4);
  before.api.becomes(change);
  return reload(before);
}

/** A tab that gave up asking: `first` answered the first push, and every other one was lost. */
export async function gaveUp({ first = () => lost, ...options } = {}) {
  const tab = openTab(options);
  tab.api.posts.push(first(tab.api), ...Array(20).fill(lost));
  const { outcome } = await tab.press(120);
  assert.equal(outcome.outcome, 'offline');
  assert.equal(outcome.payment_id, null);
  tab.api.posts = [];
  return tab;
}

/** A promise that can be asked whether it has settled. */
export function watched(promise) {
  const watch = { settled: false, outcome: undefined, error: undefined };
  promise.then(
    (outcome) => Object.assign(watch, { settled: true, outcome }),
    (error) => Object.assign(watch, { settled: true, error }),
  );
  return watch;
}
