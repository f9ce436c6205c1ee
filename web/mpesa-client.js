/**
 * M-PESA payments from a browser, without paying twice: a booking's idempotency key is stored before its request is
 * sent, and each retry sends it until the payment has ended. docs/frontend.md
 */

const PAYMENTS_PATH = '/api/payment/mpesa';
const BOOKINGS_PATH = '/api/consultations';

const POLL_SECONDS = 2; // where the server names no pace
const WAIT_SECONDS = 60; // then a payment without a result is pending, never failed
const HIDDEN_SECONDS = 15;
const BACKOFF_SECONDS_MAX = 15;
const SEND_TIMEOUT_SECONDS = 35; // the API itself answers within 30
const READ_TIMEOUT_SECONDS = 20;

const KEY_REUSED = 'idempotency_key_reused';

// After these no payment waits behind the key: the next try gets a new one.
const DEFINITE_REFUSALS = [400, 403, 404, 409, 413, 502];

// They come with copied numbers. The server ignores them too.
const IGNORED_IN_PHONES = /[\p{Cf}\p{Z}\p{Pd}\t\n\v\f\r.()[\]]/gu;

export function formatPhoneNumber(phone) {
  const text = String(phone ?? '').trim();
  const match = /^(?:(?:\+|00)?2540?|0)?([17][0-9]{8})$/.exec(text.replace(IGNORED_IN_PHONES, ''));
  return match ? `254${match[1]}` : text;
}

export function isValidMpesaPhone(phone) {
  return /^254[17][0-9]{8}$/.test(formatPhoneNumber(phone));
}

export class MpesaError extends Error {
  constructor(refusal) {
    super(refusal.error);
    this.name = 'MpesaError';
    Object.assign(this, refusal);
  }
}

export function createMpesaClient(options = {}) {
  const { baseUrl = '', token, language } = options;
  const fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
  const clock = options.clock ?? systemClock;
  const page = options.page ?? globalThis.document;
  const network = options.network ?? globalThis;
  const records = recordsIn(options.storage ?? browserStorage());
  const running = new Map();

  /** Throws only when aborted: no trustworthy answer is `{lost: true}`. */
  async function call(method, path, { body, key, signal } = {}) {
    let answer = await callOnce(method, path, { body, key, signal });
    if (answer.httpStatus === 401 && typeof token === 'function') {
      answer = await callOnce(method, path, { body, key, signal, expired: true });
    }
    return answer;
  }

  async function callOnce(method, path, { body, key, signal, expired = false }) {
    signal?.throwIfAborted();
    const controller = new AbortController();
    const stop = () => controller.abort();
    const seconds = body ? SEND_TIMEOUT_SECONDS : READ_TIMEOUT_SECONDS;
    const timer = clock.setTimeout(stop, seconds * 1000);
    signal?.addEventListener('abort', stop);
    try {
      const bearer = typeof token === 'function' ? await token({ expired }) : token;
      const headers = { Accept: 'application/json' };
      if (bearer) headers.Authorization = `Bearer ${bearer}`;
      const tongue = typeof language === 'function' ? language() : language;
      if (tongue) headers['Accept-Language'] = tongue;
      if (body) headers['Content-Type'] = 'application/json';
      if (key) headers['Idempotency-Key'] = key;
      const response = await fetch(baseUrl.replace(/\/+$/, '') + path, {
        method,
        headers,
        body: body && JSON.stringify(body),
        cache: 'no-store',
        signal: controller.signal,
      });
      return readAnswer(response, await response.text());
    } catch {
      signal?.throwIfAborted();
      return { lost: true, httpStatus: 0 };
    } finally {
      clock.clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    }
  }

  const readStatus = (paymentId, signal) =>
    call('GET', `${PAYMENTS_PATH}/status/${encodeURIComponent(paymentId)}`, { signal });

  /** A tab shown again, or a network that returns, ends the wait, but not before `floor`. */
  async function pause(seconds, floor, signal) {
    const notBefore = clock.now() + floor * 1000;
    const long = page?.hidden ? Math.max(seconds, HIDDEN_SECONDS) : seconds;
    await sleep(long, signal, true);
    const rest = notBefore - clock.now();
    if (rest > 0) await sleep(rest / 1000, signal, false);
  }

  function sleep(seconds, signal, wakes) {
    return new Promise((resolve, reject) => {
      const seen = () => page.hidden || done();
      const done = () => {
        clock.clearTimeout(timer);
        page?.removeEventListener?.('visibilitychange', seen);
        network?.removeEventListener?.('online', done);
        signal?.removeEventListener('abort', done);
        signal?.aborted ? reject(signal.reason) : resolve();
      };
      const timer = clock.setTimeout(done, seconds * 1000);
      if (wakes) page?.addEventListener?.('visibilitychange', seen);
      if (wakes) network?.addEventListener?.('online', done);
      signal?.addEventListener('abort', done);
      if (signal?.aborted) done();
    });
  }

  /** Repeats until there is an answer: safe, because the key repeats. */
  async function send(body, key, attempt) {
    const deadline = clock.now() + attempt.waitSeconds * 1000;
    attempt.update({ phase: 'sending' });
    for (let backoff = POLL_SECONDS; ; backoff = longer(backoff)) {
      const answer = await call('POST', `${PAYMENTS_PATH}/stk-push`, { body, key, signal: attempt.signal });
      if (!answer.lost || clock.now() >= deadline) return answer;
      attempt.update({ phase: 'reconnecting' });
      await pause(backoff, 0, attempt.signal);
    }
  }

  async function follow(paymentId, firstPause, attempt) {
    const deadline = clock.now() + attempt.waitSeconds * 1000;
    let payment = null;
    let backoff = POLL_SECONDS;
    if (firstPause) await pause(firstPause, firstPause, attempt.signal);
    for (let looks = 1; ; looks += 1) {
      const answer = await readStatus(paymentId, attempt.signal);
      const busy = answer.httpStatus === 429 || answer.httpStatus === 503;
      let wait = backoff;
      let floor = 0; // the server's own pace is never undercut
      if (answer.ok) {
        payment = answer.json;
        backoff = POLL_SECONDS;
        const outcome = outcomeOf(payment);
        if (outcome) return { ...outcome, looks };
        wait = floor = payment.poll_after_seconds || POLL_SECONDS;
        attempt.update({ phase: 'waiting', payment_id: paymentId, payment });
      } else if (answer.lost || busy) {
        wait = floor = answer.retryAfter ?? 0;
        if (!wait) wait = backoff;
        backoff = longer(backoff);
        attempt.update({ phase: 'reconnecting', payment_id: paymentId, payment });
      } else {
        return { ...refusalOf(answer), payment_id: paymentId, payment };
      }
      if (clock.now() >= deadline) {
        return payment ? describe('pending', payment) : offline(paymentId);
      }
      await pause(wait, floor, attempt.signal);
    }
  }

  async function processPayment(request, options = {}) {
    const phone = formatPhoneNumber(request.phone_number);
    if (!isValidMpesaPhone(phone)) {
      return refusal('invalid_phone_number', 'Invalid phone number format. Use 254XXXXXXXXX', 400);
    }
    const body = { ...request, phone_number: phone };
    return once(body.booking_id, options, (attempt) => pay(body, attempt));
  }

  async function resumePayment(bookingId, options = {}) {
    return once(bookingId, options, (attempt) => resume(bookingId, attempt));
  }

  async function pay(body, attempt) {
    const booking = body.booking_id;
    for (let mayRestart = true; ; mayRestart = false) {
      const stored = records.load(booking);
      const record = stored ?? { key: newKey(), payment_id: null };
      let resumed = Boolean(stored);
      let firstPause = 0;
      records.save(booking, record);
      if (!record.payment_id) {
        const answer = await send(body, record.key, attempt);
        // 409 names the payment that is in the way: follow it.
        const exists = answer.ok || answer.httpStatus === 409;
        record.payment_id = (exists && answer.json?.payment_id) || null;
        if (answer.json?.code === KEY_REUSED && mayRestart) {
          // With a new key the server still refuses while that payment lives.
          records.forget(booking);
          continue;
        }
        if (!record.payment_id) return giveUp(booking, answer);
        records.save(booking, record);
        resumed ||= !answer.ok;
        attempt.resumed = resumed;
        if (answer.ok && answer.json.status === 'pending') {
          firstPause = answer.json.poll_after_seconds || POLL_SECONDS;
          const { payment_id, prompt_seconds_left } = answer.json;
          attempt.update({ phase: 'waiting', payment_id, payment: null, prompt_seconds_left });
        }
      }
      attempt.resumed = resumed;
      const outcome = await follow(record.payment_id, firstPause, attempt);
      const endedBefore = resumed && outcome.looks === 1 && outcome.outcome === 'failed' && hasEnded(outcome);
      if (!(endedBefore && mayRestart)) return settle(booking, outcome);
      records.forget(booking); // it had failed before: this click asks for a new prompt
    }
  }

  async function resume(booking, attempt) {
    let id = records.load(booking)?.payment_id;
    if (!id) {
      const answer = await call('GET', `${BOOKINGS_PATH}/${encodeURIComponent(booking)}`, { signal: attempt.signal });
      if (answer.lost) return records.load(booking) ? offline(null) : null;
      if (!answer.ok) return refusalOf(answer);
      id = answer.json.active_payment_id ?? answer.json.paid_payment_id;
      if (!id) return null;
      const stored = records.load(booking);
      if (stored || answer.json.active_payment_id) records.save(booking, { key: stored?.key ?? newKey(), payment_id: id });
    }
    attempt.resumed = true;
    return settle(booking, await follow(id, 0, attempt));
  }

  function giveUp(booking, answer) {
    if (answer.lost) return offline(null); // it may have arrived: the key stays
    if (DEFINITE_REFUSALS.includes(answer.httpStatus)) records.forget(booking);
    return refusalOf(answer);
  }

  /** Forgets the payment that has ended, never a newer one of its booking. */
  function settle(booking, { looks, ...outcome }) {
    const isOver = hasEnded(outcome) || outcome.http_status === 404;
    if (isOver && records.load(booking)?.payment_id === outcome.payment_id) records.forget(booking);
    return outcome;
  }

  /** One attempt per booking: a second caller joins it. */
  async function once(bookingId, { onUpdate, signal, waitSeconds = WAIT_SECONDS }, work) {
    const booking = String(bookingId);
    for (let current; (current = running.get(booking)); ) {
      if (onUpdate) current.listeners.add(onUpdate);
      const outcome = await current.promise.catch((error) => {
        if (!current.signal?.aborted) throw error;
      });
      signal?.throwIfAborted();
      if (outcome) return outcome;
    }
    const listeners = new Set(onUpdate ? [onUpdate] : []);
    const attempt = {
      signal,
      waitSeconds,
      listeners,
      resumed: false,
      update: (change) => tell(listeners, { booking_id: booking, resumed: attempt.resumed, ...change }),
    };
    attempt.promise = (async () => work(attempt))().finally(() => running.delete(booking));
    running.set(booking, attempt);
    return attempt.promise;
  }

  async function initiateSTKPush(request) {
    const body = { ...request, phone_number: formatPhoneNumber(request.phone_number) };
    const record = records.load(body.booking_id) ?? { key: newKey(), payment_id: null };
    records.save(body.booking_id, record);
    const answer = await call('POST', `${PAYMENTS_PATH}/stk-push`, { body, key: record.key });
    if (!answer.ok) throw new MpesaError(giveUp(body.booking_id, answer));
    records.save(body.booking_id, { ...record, payment_id: answer.json.payment_id });
    return answer.json;
  }

  async function checkPaymentStatus(id) {
    const answer = await readStatus(id);
    if (!answer.ok) throw new MpesaError(answer.lost ? offline(id) : refusalOf(answer));
    const outcome = outcomeOf(answer.json);
    if (outcome) settle(answer.json.booking_id, outcome);
    return answer.json;
  }

  async function pollPaymentStatus(id, { onUpdate, signal, waitSeconds = WAIT_SECONDS } = {}) {
    const update = (change) => tell(onUpdate ? [onUpdate] : [], { resumed: true, ...change });
    const outcome = await follow(id, 0, { signal, waitSeconds, update });
    return settle(outcome.payment?.booking_id ?? '', outcome);
  }

  async function readBooking(bookingId, { signal } = {}) {
    const answer = await call('GET', `${BOOKINGS_PATH}/${encodeURIComponent(bookingId)}`, { signal });
    if (!answer.ok) throw new MpesaError(answer.lost ? offline(null) : refusalOf(answer));
    return answer.json;
  }

  async function claimReceipt(paymentId, receiptNumber) {
    const path = `/api/payments/${encodeURIComponent(paymentId)}/receipt-claims`;
    const answer = await call('POST', path, { body: { receipt_number: receiptNumber } });
    if (!answer.ok) throw new MpesaError(answer.lost ? offline(paymentId) : refusalOf(answer));
  }

  return {
    formatPhoneNumber,
    isValidMpesaPhone,
    processPayment,
    claimReceipt,
    resumePayment,
    readBooking,
    initiateSTKPush,
    checkPaymentStatus,
    pollPaymentStatus,
  };
}

let shared;
const sharedClient = () => (shared ??= createMpesaClient());

export const configure = (options) => void (shared = createMpesaClient(options));
export const processPayment = (request, options) => sharedClient().processPayment(request, options);
export const resumePayment = (bookingId, options) => sharedClient().resumePayment(bookingId, options);
export const initiateSTKPush = (request) => sharedClient().initiateSTKPush(request);
export const checkPaymentStatus = (id) => sharedClient().checkPaymentStatus(id);
export const pollPaymentStatus = (id, options) => sharedClient().pollPaymentStatus(id, options);

/** JSON with 2xx, a refusal with a code, and any 4xx count. Anything else is a lost answer. */
function readAnswer(response, text) {
  let json = null;
  try {
    json = JSON.parse(text);
  } catch {
    // not ours
  }
  const httpStatus = response.status;
  const ok = response.ok && json !== null;
  const codedRefusal = Boolean(json?.code) && (httpStatus === 502 || httpStatus === 503);
  const refused = (httpStatus >= 400 && httpStatus < 500 && httpStatus !== 408) || codedRefusal;
  const retryAfter = json?.retry_after_seconds ?? (Number(response.headers.get('Retry-After')) || null);
  return { ok, lost: !ok && !refused, httpStatus, json: ok || refused ? json : null, retryAfter };
}

/** What a status answer proves; null: wait. */
function outcomeOf(payment) {
  if (payment.status === 'completed') return describe('completed', payment);
  if (payment.detail === 'review') return describe('review', payment);
  if (payment.detail === 'refund_due' || payment.detail === 'refunded') return describe('refund_due', payment);
  if (payment.status === 'failed' || payment.status === 'cancelled') return describe('failed', payment);
  return null;
}

function describe(outcome, payment) {
  return {
    outcome,
    success: outcome === 'completed',
    payment_id: payment.payment_id,
    payment,
    customer_message: payment.customer_message ?? '',
    receipt_number: payment.mpesa_receipt_number ?? null,
    can_retry: outcome === 'failed' && payment.can_retry === true,
    can_retry_at: payment.can_retry_at ?? null,
  };
}

/** A failed payment whose prompt may still be open names a time: its key stays. */
function hasEnded({ outcome, can_retry: canRetry, can_retry_at: canRetryAt }) {
  if (outcome === 'failed') return canRetry || !canRetryAt;
  return outcome === 'completed' || outcome === 'refund_due';
}

function refusal(code, error, httpStatus, retryAfter = null) {
  return {
    outcome: 'refused',
    success: false,
    payment_id: null,
    payment: null,
    code,
    error,
    http_status: httpStatus,
    retry_after_seconds: retryAfter,
    limited_by: null,
  };
}

function refusalOf({ json, httpStatus, retryAfter }) {
  const error = json?.error ?? json?.message ?? `The payment service answered ${httpStatus}.`;
  return { ...refusal(json?.code ?? `http_${httpStatus}`, error, httpStatus, retryAfter), limited_by: json?.limited_by ?? null };
}

function offline(paymentId) {
  return {
    outcome: 'offline',
    success: false,
    payment_id: paymentId,
    payment: null,
    code: 'offline',
    error: 'The payment service cannot be reached.',
  };
}

const systemClock = {
  now: () => Date.now(),
  setTimeout: (work, milliseconds) => globalThis.setTimeout(work, milliseconds),
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
};

/** A listener's mistake does not end the watch. */
function tell(listeners, update) {
  for (const listener of listeners) {
    try {
      listener(update);
    } catch (error) {
      console.error(error);
    }
  }
}

const longer = (seconds) => Math.min(seconds * 2, BACKOFF_SECONDS_MAX);

/** Not randomUUID: pages without https lack it. */
const newKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

function browserStorage() {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}

/** Key and payment id per booking; in memory where storage is refused. */
function recordsIn(storage) {
  const memory = new Map();
  const nameOf = (booking) => `mpesa-payment:${booking}`;
  return {
    load(booking) {
      const name = nameOf(booking);
      if (memory.has(name)) return { ...memory.get(name) };
      try {
        const record = JSON.parse(storage.getItem(name));
        return typeof record?.key === 'string' ? record : null;
      } catch {
        return null;
      }
    },
    save(booking, record) {
      try {
        storage.setItem(nameOf(booking), JSON.stringify(record));
      } catch {
        memory.set(nameOf(booking), { ...record });
      }
    },
    forget(booking) {
      memory.delete(nameOf(booking));
      try {
        storage.removeItem(nameOf(booking));
      } catch {
        // nothing was stored
      }
    },
  };
}
