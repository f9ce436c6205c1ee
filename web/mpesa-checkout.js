/**
 * <mpesa-checkout>: a booking's M-PESA payment as one element, for any frontend.
 *
 *   <script type="module" src="/mpesa-checkout.js"></script>
 *   <mpesa-checkout booking-id="42" label="Consultation" api-base="https://pay.example.org"></mpesa-checkout>
 *
 * The token comes from the `token` property (a JWT, or a function that gives one) or attribute. What the
 * element knows of a payment comes from mpesa-client.js; this file turns it into views, focus and events.
 */
import { element, bill, formView, sendingView, waitingView, moveDial, completedView } from './checkout/views.js';
import { failedView, pendingView, reviewView, refundView, offlineView } from './checkout/views.js';
import { STYLE } from './checkout/style.js';
import { TEXTS, fill } from './checkout/texts.js';
import { createMpesaClient, formatPhoneNumber, isValidMpesaPhone } from './mpesa-client.js';

const PROMPT_SECONDS = 60; // how long a phone usually shows the prompt; the dial counts it down
const QUIET_CHECK_SECONDS = 10; // a pending payment is looked at again by itself
const RECEIPT_SECONDS = 5;
const RECEIPT_LOOKS = 12; // a minute; later it is in the SMS
const REDIRECT_SECONDS = 4; // long enough to see that it worked

export class MpesaCheckout extends HTMLElement {
  static observedAttributes = ['booking-id', 'api-base', 'token', 'amount', 'label', 'phone', 'lang', 'success-url'];

  #root = this.attachShadow({ mode: 'open' });
  #card = element('section', { class: 'card' });
  #announcer = element('p', { class: 'silent', role: 'status' });
  #client = null;
  #visit = new AbortController(); // ends when the booking changes or the element leaves the page
  #token = null;
  #price = null;
  #phone = '';
  #state = { view: 'form' };
  #shown = ''; // the view that is on the screen
  #timers = new Map();

  constructor() {
    super();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    this.#root.adoptedStyleSheets = [sheet];
    this.#root.append(this.#card, this.#announcer);
  }

  /** A JWT, or a function that gives one; called with `{expired: true}` when the last one was refused. */
  get token() {
    return this.#token ?? this.getAttribute('token');
  }

  set token(token) {
    this.#token = token;
    this.#startSoon();
  }

  connectedCallback() {
    document.addEventListener('visibilitychange', this.#onVisible);
    this.#startSoon();
  }

  disconnectedCallback() {
    document.removeEventListener('visibilitychange', this.#onVisible);
    this.#stop();
  }

  attributeChangedCallback(name, before, now) {
    if (before === now) return;
    if (name === 'phone') this.#phone = readable(now ?? '');
    if (['booking-id', 'api-base', 'token'].includes(name)) this.#startSoon();
    else if (name === 'lang') this.#changeLanguage();
    else this.#render();
  }

  // --- a visit: from arriving at a booking to leaving it -------------------------------------------------

  #startSoon() {
    this.#after('start', 0, () => this.#start()); // several attributes usually change at once
  }

  #start() {
    this.#stop();
    this.#visit = new AbortController();
    this.#price = null;
    this.#go({ view: 'form' });
    if (!this.isConnected || !this.#booking || !this.token) return;
    this.#client = createMpesaClient({
      baseUrl: this.getAttribute('api-base') ?? '',
      token: (hint) => (typeof this.token === 'function' ? this.token(hint) : this.token),
      language: () => this.#language,
    });
    this.#readPrice();
    this.#follow((options) => this.#client.resumePayment(this.#booking, options));
  }

  #stop() {
    this.#visit.abort();
    for (const name of [...this.#timers.keys()]) this.#cancel(name);
  }

  async #readPrice() {
    if (this.getAttribute('amount')) return;
    const { signal } = this.#visit;
    const booking = await this.#client.readBooking(this.#booking, { signal }).catch(() => null);
    if (signal.aborted) return;
    if (booking) this.#price = booking.price_kes;
    else this.#after('price', 5, () => this.#readPrice());
    this.#render();
  }

  /** Shows what happens to a payment until it has an outcome. */
  async #follow(work) {
    const visit = this.#visit;
    try {
      const outcome = await work({ signal: visit.signal, onUpdate: (update) => visit.signal.aborted || this.#progress(update) });
      if (visit.signal.aborted) return;
      if (outcome) await this.#settle(outcome, visit.signal);
      else if (this.#state.view !== 'form') this.#go({ view: 'form' });
    } catch (error) {
      if (!visit.signal.aborted) throw error;
    }
  }

  #pay = (event) => {
    event?.preventDefault();
    const field = this.#root.querySelector('#phone');
    if (field) this.#phone = field.value;
    if (!isValidMpesaPhone(this.#phone)) {
      this.#go({ view: 'form', invalid: true });
      this.#root.querySelector('#phone')?.focus();
      return;
    }
    if (!this.#amount || !this.#client) return;
    this.#go({ view: 'sending' });
    this.#follow((options) => this.#client.processPayment(this.#request(), options));
  };

  #request() {
    const request = { phone_number: this.#phone, amount: this.#amount, booking_id: this.#booking };
    const reference = this.getAttribute('account-reference');
    const description = this.getAttribute('transaction-desc');
    if (reference) request.account_reference = reference;
    if (description) request.transaction_desc = description;
    return request;
  }

  /** "Check again": one look, by hand or by itself. */
  #check = () => {
    if (this.#state.view !== 'pending' || this.#state.checking) return;
    this.#go({ ...this.#state, checking: true });
    this.#follow((options) => this.#client.resumePayment(this.#booking, { ...options, waitSeconds: 0, onUpdate: undefined }));
  };

  #onVisible = () => {
    if (!document.hidden) this.#check();
  };

  // --- progress and outcomes -------------------------------------------------------------------------------

  #progress(update) {
    const reconnecting = update.phase === 'reconnecting';
    if (update.phase === 'sending' || !update.payment_id) {
      this.#go({ view: 'sending', unsent: reconnecting });
    } else {
      const until = this.#state.until ?? Date.now() + PROMPT_SECONDS * 1000;
      const payment = update.payment ?? this.#state.payment;
      this.#go({ view: 'waiting', resumed: update.resumed, payment, reconnecting, until });
      this.#tick();
    }
    this.#tell('mpesa-update', update);
  }

  async #settle(outcome, signal) {
    const watched = this.#shown === 'waiting' || this.#shown === 'pending';
    if (outcome.outcome === 'refused' && outcome.http_status === 409) {
      // Paid or being paid already: show that payment instead of the refusal, where there is one.
      outcome = (await this.#client.resumePayment(this.#booking, { signal })) ?? outcome;
    }
    this.#go({ view: outcome.outcome, outcome, retryAt: retryTime(outcome) });
    if (outcome.outcome === 'pending') {
      const seconds = Math.max(QUIET_CHECK_SECONDS, outcome.payment.poll_after_seconds ?? 0);
      this.#after('check', seconds, () => (document.hidden ? null : this.#check()));
    }
    this.#tick();
    this.#tell('mpesa-outcome', outcome);
    if (outcome.outcome !== 'completed') return;
    if (!outcome.receipt_number) this.#awaitReceipt(outcome);
    const mayLeave = this.#tell('mpesa-completed', outcome);
    const url = this.#successUrl;
    if (mayLeave && watched && url) this.#after('leave', REDIRECT_SECONDS, () => location.assign(url));
  }

  /** The receipt trails where M-PESA was asked instead of telling: it comes with the callback, or by SMS only. */
  #awaitReceipt(outcome, looks = 0) {
    if (looks === RECEIPT_LOOKS) return;
    this.#after('receipt', RECEIPT_SECONDS, async () => {
      const payment = await this.#client.checkPaymentStatus(outcome.payment_id).catch(() => null);
      if (this.#state.outcome !== outcome) return;
      outcome.receipt_number = payment?.mpesa_receipt_number ?? null;
      if (outcome.receipt_number) this.#render();
      else this.#awaitReceipt(outcome, looks + 1);
    });
  }

  /** True unless a listener called preventDefault. */
  #tell(name, detail) {
    return this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: true }));
  }

  /** The sentences that came from the service are in the old language: read them again. */
  async #changeLanguage() {
    const { outcome } = this.#state;
    this.#render();
    if (!outcome?.payment || !this.#client) return;
    const payment = await this.#client.checkPaymentStatus(outcome.payment_id).catch(() => null);
    if (!payment || this.#state.outcome !== outcome) return;
    outcome.customer_message = payment.customer_message;
    this.#render();
  }

  // --- on the screen ---------------------------------------------------------------------------------------

  #go(state) {
    this.#state = state;
    this.#render();
  }

  #render() {
    const held = this.#root.activeElement;
    const typing = held?.id === 'phone' ? held.selectionStart : null;
    const changed = this.#shown !== this.#state.view;
    const text = this.#text;
    this.#card.lang = this.#language;
    this.#card.setAttribute('aria-label', 'M-PESA');
    const head = this.#state.view === 'completed' ? null : bill({ text, label: this.#label, amount: this.#sum });
    this.#card.replaceChildren(...[head, this.#viewOf(this.#state, text)].filter(Boolean));
    this.#shown = this.#state.view;
    const field = this.#root.querySelector('#phone');
    if (typing !== null && field) {
      field.focus();
      field.setSelectionRange(typing, typing);
    } else if (held) {
      // What had the focus is gone: put it on what took its place.
      const next = changed ? (this.#root.querySelector('h2') ?? field) : this.#root.querySelector('button:enabled, h2');
      next?.focus();
    }
    this.#announce();
  }

  #viewOf(state, text) {
    const { outcome } = state;
    const shared = { text, amount: this.#sum, phone: readable(this.#phone), label: this.#label };
    const message = (fallback) => outcome.customer_message || fallback;
    switch (state.view) {
      case 'form':
        return formView({ ...shared, phone: this.#phone, invalid: state.invalid, busy: !this.#amount, pay: this.#pay });
      case 'sending':
        return sendingView({ ...shared, unsent: state.unsent });
      case 'waiting':
        return waitingView({
          ...shared,
          phone: state.resumed ? null : shared.phone,
          message: state.payment?.customer_message || text.waitingText,
          manual: state.payment?.manual_payment,
          resumed: state.resumed,
          reconnecting: state.reconnecting,
          secondsLeft: secondsUntil(state.until),
          secondsInAll: PROMPT_SECONDS,
        });
      case 'completed':
        return completedView({
          ...shared,
          receipt: outcome.receipt_number,
          paidAt: day(outcome.payment.transaction_date, this.#language),
          successUrl: this.#successUrl,
        });
      case 'failed':
      case 'refused':
        return failedView({ ...shared, ...this.#failure(state, text) });
      case 'pending':
        return pendingView({ ...shared, message: text.pendingText, manual: outcome.payment.manual_payment, checking: state.checking, check: this.#check });
      case 'review':
        return reviewView({ ...shared, message: message(text.reviewText) });
      case 'refund_due':
        return refundView({ ...shared, message: message(text.refundText) });
      case 'offline':
        return offlineView({ ...shared, retry: outcome.payment_id ? this.#again : this.#pay });
    }
  }

  #failure({ outcome, retryAt }, text) {
    const refused = outcome.outcome === 'refused';
    const left = retryAt ? secondsUntil(retryAt) : 0;
    const mayRetry = refused ? outcome.http_status !== 404 && outcome.http_status !== 403 : outcome.can_retry || Boolean(retryAt);
    return {
      title: refused ? text.refusedTitle : text.failedTitle,
      message: refused ? (text.codes[outcome.code] ?? sentence(outcome.error)) : outcome.customer_message || text.failedText,
      manual: outcome.payment?.manual_payment,
      waitText: left > 0 ? fill(text.retryIn, { time: minutes(left) }) : null,
      canRetry: mayRetry && left <= 0,
      retry: outcome.payment_id && refused ? this.#again : this.#pay,
      otherNumber: left > 0 ? null : () => this.#go({ view: 'form' }),
    };
  }

  /** Reads the payment that exists; sends nothing. */
  #again = () => this.#start();

  /** Every second: the dial, or the time until a new try. */
  #tick() {
    const { view, until, retryAt } = this.#state;
    if (view === 'waiting') moveDial(this.#card, secondsUntil(until), PROMPT_SECONDS);
    else if (!retryAt) return;
    else this.#showWait();
    this.#after('tick', 1, () => this.#tick());
  }

  #showWait() {
    const line = this.#root.querySelector('#retry-in');
    const left = secondsUntil(this.#state.retryAt);
    if (left > 0 && line) {
      line.textContent = fill(this.#text.retryIn, { time: minutes(left) });
    } else {
      this.#state.retryAt = left > 0 ? this.#state.retryAt : null;
      if (this.#state.outcome.outcome === 'failed') this.#state.outcome.can_retry = true;
      this.#render();
    }
  }

  /** The new view in one sentence, for those who do not see it. */
  #announce() {
    const parts = ['h2', '.lead', '.note.warn'].map((selector) => this.#card.querySelector(selector)?.textContent);
    const focused = this.#root.activeElement?.localName === 'h2'; // then the heading is read out anyway
    const sentence = parts.slice(focused ? 1 : 0).filter(Boolean).join('. ');
    if (this.#announcer.textContent !== sentence) this.#announcer.textContent = sentence;
    this.#announcer.lang = this.#language;
  }

  // --- attributes, read when needed --------------------------------------------------------------------------

  get #booking() {
    return this.getAttribute('booking-id');
  }

  get #label() {
    return this.getAttribute('label');
  }

  get #amount() {
    return Number(this.getAttribute('amount')) || this.#price;
  }

  get #sum() {
    return this.#amount ? `KES ${this.#amount.toLocaleString('en-KE')}` : '';
  }

  get #language() {
    const asked = this.getAttribute('lang') || this.closest('[lang]')?.lang || '';
    return asked.toLowerCase().startsWith('sw') ? 'sw' : 'en';
  }

  get #text() {
    return TEXTS[this.#language];
  }

  /** The page to go on to, told which payment it was; null unless it is an ordinary address. */
  get #successUrl() {
    const address = this.getAttribute('success-url');
    if (!address || !URL.canParse(address, document.baseURI)) return null;
    const url = new URL(address, document.baseURI);
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
    if (this.#state.outcome?.payment_id) url.searchParams.set('payment_id', this.#state.outcome.payment_id);
    return url.href;
  }

  // --- timers, all ended with the visit ------------------------------------------------------------------------

  #after(name, seconds, work) {
    this.#cancel(name);
    this.#timers.set(name, setTimeout(work, seconds * 1000));
  }

  #cancel(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}

const secondsUntil = (time) => Math.max(0, Math.ceil((time - Date.now()) / 1000));

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const minutes = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;

/** 0712 345 678, as people write it. */
function readable(phone) {
  const match = /^254(\d{3})(\d{3})(\d{3})$/.exec(formatPhoneNumber(phone));
  return match ? `0${match[1]} ${match[2]} ${match[3]}` : phone;
}

function retryTime(outcome) {
  if (outcome.retry_after_seconds) return Date.now() + outcome.retry_after_seconds * 1000;
  if (outcome.outcome === 'failed' && !outcome.can_retry && outcome.can_retry_at) return Date.parse(outcome.can_retry_at);
  return null;
}

function day(iso, language) {
  if (!iso) return null;
  const format = { dateStyle: 'medium', timeStyle: 'short', timeZone: 'Africa/Nairobi' };
  return new Intl.DateTimeFormat(`${language}-KE`, format).format(new Date(iso));
}

if (!customElements.get('mpesa-checkout')) customElements.define('mpesa-checkout', MpesaCheckout);
