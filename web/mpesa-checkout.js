/**
 * <mpesa-checkout>: a booking's M-PESA payment as one element, for any frontend.
 *
 *   <script type="module" src="/mpesa-checkout.js"></script>
 *   <mpesa-checkout booking-id="42" label="Consultation" api-base="https://pay.example.org"></mpesa-checkout>
 *
 * The token comes from the `token` property (a JWT, or a function that gives one) or attribute. What the
 * element knows of a payment comes from mpesa-client.js; this file turns it into views, focus and events.
 * It stores nothing itself.
 */
import * as views from './checkout/views.js';
import { STYLE } from './checkout/style.js';
import { TEXTS, fill } from './checkout/texts.js';
import { createMpesaClient, formatPhoneNumber, isValidMpesaPhone } from './mpesa-client.js';

const { element, morph, kes } = views;
const DIAGNOSE_SECONDS = 5; // without a price by then, the customer and the page's author are told why
const LOOK_SECONDS = 10; // what may still change is looked at again by itself
const RETRY_SECONDS_MIN = 5;
const RECEIPT_SECONDS = 5;
const RECEIPT_LOOKS = 12; // a minute; later it is in the SMS
const REDIRECT_SECONDS = 4; // long enough to see that it worked
const MONEY = ['completed', 'review', 'refund_due'];
const RECEIPT_CODE = /^[A-Z0-9]{8,16}$/;
// Refusals that neither a new try nor another number can change.
const HOPELESS = /^(consultation_|payment_under_review|forbidden|http_40[34]|payment_not_found)/;

export class MpesaCheckout extends HTMLElement {
  static observedAttributes = ['booking-id', 'api-base', 'token', 'amount', 'label', 'phone', 'lang', 'success-url'];

  #root = this.attachShadow({ mode: 'open' });
  #card = element('section', { class: 'card', 'aria-label': 'M-PESA' });
  #announcer = element('p', { class: 'silent', role: 'status' });
  #client = null;
  #visit = new AbortController(); // ends when the booking changes or the element leaves the page
  #turn = 0; // only the newest of several watches may change the view
  #token = null;
  #price = null;
  #phone = ''; // as typed
  #state = { view: 'form' };
  #shown = ''; // the view that is on the screen
  #underWay = null; // the last state of a payment whose outcome is open
  #isLeft = false; // the customer does not want to pay now
  #hasActed = false;
  #told = '';
  #timers = new Map();

  constructor() {
    super();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    this.#root.adoptedStyleSheets = [sheet];
    this.#root.append(this.#card, this.#announcer);
    this.#card.addEventListener('click', ({ target }) => this.#press(target.closest('button[name]')));
    this.#card.addEventListener('input', ({ target }) => this.#typed(target));
    this.#card.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#hasActed = true;
      if (event.target.getAttribute('name') === 'pay') this.#pay();
      else this.#claim();
    });
  }

  /** A JWT, or a function that gives one; called with `{expired: true}` when the last one was refused. */
  get token() {
    return this.#token ?? this.getAttribute('token');
  }

  set token(token) {
    const before = this.token;
    this.#token = token;
    const isRenewed = typeof before === 'function' && typeof token === 'function'; // frameworks set a new one at every render
    if (token !== before && (!isRenewed || this.#state.view === 'signIn')) this.#startSoon();
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
    if (name === 'phone') this.#prefill(now ?? '');
    if (['booking-id', 'api-base', 'token'].includes(name)) this.#startSoon(name !== 'token');
    else if (name === 'lang') this.#changeLanguage();
    else this.#render();
  }

  // --- a visit: from arriving at a booking to leaving it -------------------------------------------------

  #startSoon(isOther = false) {
    if (isOther) this.#state = { view: 'form' };
    this.#after('start', 0, () => this.#start()); // several attributes usually change at once
  }

  #start() {
    this.#stop();
    this.#visit = new AbortController();
    this.#price = this.#client = null;
    this.#isLeft = false;
    this.#told = '';
    this.#go({ ...this.#state, trouble: null });
    if (!this.isConnected) return;
    this.#after('diagnose', DIAGNOSE_SECONDS, () => this.#diagnose());
    if (!this.#booking || !this.token) return;
    this.#client = createMpesaClient({
      baseUrl: this.getAttribute('api-base') ?? '',
      token: (hint) => (typeof this.token === 'function' ? this.token(hint) : this.token),
      language: () => this.#language,
    });
    this.#readPrice();
    this.#resume();
  }

  #stop() {
    this.#visit.abort();
    for (const name of [...this.#timers.keys()]) this.#cancel(name);
  }

  async #readPrice() {
    if (this.getAttribute('amount')) return;
    const { signal } = this.#visit;
    try {
      const booking = await this.#client.readBooking(this.#booking, { signal });
      this.#price = booking.price_kes;
      if (!signal.aborted) this.#go({ ...this.#state, trouble: null });
    } catch (error) {
      // What is refused is told by the watch on the payment, which asks the same.
      if (!signal.aborted && (error.code === 'offline' || error.http_status >= 429)) this.#after('price', DIAGNOSE_SECONDS, () => this.#readPrice());
    }
  }

  /** Still no price: the customer reads a sentence, the page hears an event, its author reads what to look at. */
  #diagnose() {
    if (this.#state.view !== 'form' || (this.#amount && this.#client)) return;
    const missing = (!this.#booking && 'booking-id') || (!this.token && 'token');
    if (missing) this.#warn(missing, `it needs ${missing}, as an attribute${missing === 'token' ? ' or property' : ''}.`);
    else this.#warnOfSilence();
    this.#go({ ...this.#state, trouble: missing ? 'setup' : 'slow' });
  }

  #warnOfSilence() {
    const base = this.getAttribute('api-base') || location.origin;
    this.#warn('unreachable', `${base} gave this page no answer. Check api-base, that the API is up, and that AllowedOrigins holds ${location.origin}.`);
  }

  #warn(reason, sentence) {
    console.warn(`<mpesa-checkout>: ${sentence}`);
    this.#tell('mpesa-trouble', { reason, message: sentence });
  }

  #resume() {
    this.#follow((options) => this.#client.resumePayment(this.#booking, options));
  }

  /** Shows what happens to a payment until it has an outcome. */
  async #follow(work) {
    const { signal } = this.#visit;
    const turn = ++this.#turn;
    const isOver = () => signal.aborted || turn !== this.#turn;
    try {
      const outcome = await work({ signal, onUpdate: (update) => isOver() || this.#progress(update) });
      if (isOver()) return;
      if (outcome) await this.#settle(outcome, signal);
      else if (this.#state.view !== 'form') this.#go({ view: 'form' });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #pay() {
    if (!isValidMpesaPhone(this.#phone)) {
      this.#go({ view: 'form', invalid: true });
      this.#root.querySelector('#phone').focus();
      return;
    }
    if (!this.#amount || !this.#client) return;
    this.#underWay = null;
    this.#go({ view: 'sending' });
    this.#follow((options) => this.#client.processPayment(this.#request(), options));
  }

  #request() {
    const request = { phone_number: this.#phone, amount: this.#amount, booking_id: this.#booking };
    const reference = this.getAttribute('account-reference');
    const description = this.getAttribute('transaction-desc');
    if (reference) request.account_reference = reference;
    if (description) request.transaction_desc = description;
    return request;
  }

  /** One look, by hand or by itself. What is on the screen stays until something else is known. */
  #look() {
    const { view, outcome, checking, before } = this.#state;
    if (checking || !this.#client || this.#timers.has('start')) return;
    if (view === 'signIn') return void this.#resume();
    const id = (outcome ?? before?.outcome)?.payment_id;
    if (!id || !['failed', 'pending', 'left', 'claim'].includes(view)) return;
    if (view === 'pending') this.#go({ ...this.#state, checking: true });
    this.#follow(({ signal }) => this.#client.pollPaymentStatus(id, { signal, waitSeconds: 0 }));
  }

  #onVisible = () => {
    if (!document.hidden) this.#look();
  };

  // --- progress and outcomes -------------------------------------------------------------------------------

  #progress(update) {
    const reconnecting = update.phase === 'reconnecting';
    if (update.phase === 'sending' || !update.payment_id) {
      if (reconnecting && !this.#state.unsent) this.#warnOfSilence();
      this.#underWay = { view: 'sending', unsent: reconnecting };
    } else {
      const known = this.#underWay ?? {};
      const payment = update.payment ?? known.payment;
      const seconds = update.payment ? update.payment.prompt_seconds_left : update.prompt_seconds_left;
      this.#underWay = { view: 'waiting', payment_id: update.payment_id, resumed: update.resumed, payment, reconnecting, until: promptEnd(known.until, seconds, update) };
    }
    if (!this.#isLeft) this.#go(this.#underWay);
    this.#tick();
    this.#tell('mpesa-update', update);
  }

  async #settle(outcome, signal) {
    const state = this.#state;
    if (outcome.outcome === 'refused' && outcome.http_status === 409) {
      // Paid or being paid already: show that payment instead of the refusal, where there is one.
      outcome = (await this.#client.resumePayment(this.#booking, { signal })) ?? outcome;
    }
    const wasLook = ['failed', 'pending', 'left', 'claim'].includes(state.view);
    const isNews = !['offline', 'refused'].includes(outcome.outcome) || outcome.http_status === 401;
    if (!wasLook || isNews) this.#showOutcome(outcome, state);
    else this.#go({ ...state, checking: false });
    this.#lookLater();
    this.#tick();
    const told = [outcome.outcome, outcome.payment_id, outcome.code].join();
    if (told === this.#told) return;
    this.#told = told;
    if (outcome.outcome === 'offline') this.#warnOfSilence();
    this.#tell('mpesa-outcome', outcome);
    if (outcome.outcome === 'completed') this.#complete(outcome, state.view !== 'form');
  }

  /** Money ends everything; an outcome that is still open neither ends a cancelled view nor what is being typed. */
  #showOutcome(outcome, { view, before, isClaimed }) {
    const isFinal = MONEY.includes(outcome.outcome);
    const next = { view: viewOf(outcome), outcome, retryAt: retryTime(outcome), isClaimed };
    if (this.#isLeft && next.view === 'pending') this.#go({ view: 'left', outcome });
    else if (view === 'claim' && !isFinal) this.#state.before = { ...before, ...next };
    else this.#go(next);
    if (isFinal || next.view !== 'pending') this.#isLeft = false;
  }

  /** When to look by itself: at the service's pace, at the moment when a new try may be allowed, or not at all. */
  #lookLater() {
    const { view, outcome, retryAt, isClaimed } = this.#state.before ?? this.#state;
    const isWaiting = view === 'pending' || view === 'left' || (view === 'failed' && (retryAt || isClaimed));
    const pace = outcome?.payment?.poll_after_seconds;
    const later = () => (document.hidden ? this.#lookLater() : this.#look());
    if (view === 'signIn' ? typeof this.token === 'function' : isWaiting || pace) this.#after('look', Math.max(LOOK_SECONDS, pace ?? 0), later);
  }

  #complete(outcome, wasWatched) {
    if (!outcome.receipt_number) this.#awaitReceipt(outcome);
    const mayLeave = this.#tell('mpesa-completed', outcome);
    const url = this.#successUrl;
    if (mayLeave && wasWatched && url) this.#after('leave', REDIRECT_SECONDS, () => location.assign(url));
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
    const state = this.#state;
    this.#render();
    const known = state.outcome ?? state;
    const id = known.payment?.payment_id;
    const payment = id && this.#client && (await this.#client.checkPaymentStatus(id).catch(() => null));
    if (!payment || (this.#state.outcome ?? this.#state) !== known) return;
    known.payment = payment;
    if (state.outcome) known.customer_message = payment.customer_message;
    this.#render();
  }

  // --- what the customer does ------------------------------------------------------------------------------

  #press(button) {
    if (!button || button.getAttribute('aria-disabled')) return;
    this.#hasActed = true;
    const { name, value } = button;
    const state = this.#state;
    if (name.startsWith('copy-')) this.#copy(name.slice(5), value);
    else if (name === 'pay') this.#pay();
    else if (name === 'check') this.#look();
    else if (name === 'restart') this.#start();
    else if (name === 'other') this.#go({ view: 'form' });
    else if (name === 'claim') this.#go({ view: 'claim', before: state });
    else if (name === 'leave') this.#leave();
    else if (name === 'return') this.#return();
    else if (name === 'share') this.#share();
    else if (name === 'print') this.#print();
  }

  /** Groups the digits as people write them, with the caret at its digit; an error goes once it is none. */
  #typed(input) {
    if (input.id === 'code') return;
    const caret = input.selectionStart;
    const digits = input.value.slice(0, caret).replace(/\D/g, '').length;
    const text = grouped(input.value);
    if (text !== input.value) {
      input.value = text;
      let at = 0;
      for (let seen = 0; seen < digits; at += 1) if (/\d/.test(text[at])) seen += 1;
      input.setSelectionRange(at, at);
    }
    this.#phone = text;
    if (this.#state.invalid && isValidMpesaPhone(text)) this.#go({ ...this.#state, invalid: false });
  }

  #prefill(phone) {
    this.#phone = grouped(isValidMpesaPhone(phone) ? `0${formatPhoneNumber(phone).slice(3)}` : phone);
    const field = this.#root.querySelector('#phone');
    if (field) field.value = this.#phone;
  }

  /** "I do not want to pay now": nothing can take a prompt back, so the watch goes on. */
  #leave() {
    this.#isLeft = true;
    this.#go({ view: 'left', outcome: this.#state.outcome });
    this.#tell('mpesa-left', { payment_id: (this.#state.outcome ?? this.#underWay)?.payment_id ?? null });
  }

  #return() {
    this.#isLeft = false;
    const { before, outcome } = this.#state;
    this.#go(before ?? (outcome ? { view: viewOf(outcome), outcome, retryAt: retryTime(outcome) } : this.#underWay));
    this.#lookLater();
    this.#tick();
  }

  /** "I have paid": the answer is alike for a known and an unknown receipt, so only M-PESA's word changes the view. */
  async #claim() {
    const { before, busy } = this.#state;
    const code = this.#root.querySelector('#code').value.trim().toUpperCase();
    if (busy) return;
    const isValid = RECEIPT_CODE.test(code);
    this.#go({ view: 'claim', before, invalid: !isValid, busy: isValid });
    if (!isValid) return this.#root.querySelector('#code').focus();
    const { signal } = this.#visit;
    try {
      await this.#client.claimReceipt(before.outcome.payment_id, code);
      if (signal.aborted || this.#state.view !== 'claim') return;
      this.#go({ ...this.#state.before, isClaimed: true });
      this.#lookLater();
    } catch (error) {
      if (signal.aborted || this.#state.view !== 'claim') return;
      this.#go({ ...this.#state, busy: false, error: error.code === 'offline' ? this.#text.offlineText : this.#refusal(error) });
    }
  }

  async #copy(name, value) {
    await navigator.clipboard.writeText(value);
    this.#go({ ...this.#state, copied: name });
  }

  #share() {
    const text = [...this.#card.querySelectorAll('.receipt > div')].map((row) => [...row.children].map((each) => each.textContent).join(': ')).join('\n');
    if (navigator.share) navigator.share({ title: this.#text.receipt, text }).catch(() => {}); // closed without sharing
    else this.#copy('share', text);
  }

  /** Prints the receipt alone, from a frame of its own. */
  #print() {
    const frame = element('iframe', { class: 'silent', title: this.#text.receipt });
    frame.srcdoc = `<title>M-PESA</title><h1>${this.#text.completedTitle}</h1>${this.#card.querySelector('.receipt').outerHTML}`;
    frame.onload = () => {
      frame.contentWindow.onafterprint = () => frame.remove();
      frame.contentWindow.print();
    };
    this.#root.append(frame);
  }

  // --- on the screen ---------------------------------------------------------------------------------------

  #go(state) {
    this.#state = state;
    this.#render();
  }

  #render() {
    const held = this.#root.activeElement;
    const text = this.#text;
    const { view } = this.#state;
    const hasChanged = this.#shown !== view;
    const head = view === 'completed' ? null : views.bill({ text, label: this.#label, amount: this.#sum });
    const next = element('section', { class: 'card', 'aria-label': 'M-PESA', lang: this.#language }, head, this.#viewOf(this.#state, text));
    if (hasChanged) this.#card.replaceChildren();
    morph(this.#card, next);
    this.#shown = view;
    const field = this.#root.querySelector('#phone');
    if (hasChanged && field) field.value = this.#phone;
    const isLost = held && !held.isConnected;
    if (isLost || (hasChanged && this.#hasActed)) (this.#card.querySelector('h2') ?? field)?.focus();
    this.#announce();
  }

  #viewOf(state, text) {
    const { view, outcome, copied, isClaimed } = state;
    const payment = outcome?.payment ?? state.payment;
    const actions = payment?.actions ?? [];
    const phone = asMasked(payment?.masked_phone_number) ?? readable(this.#phone);
    const shared = { text, amount: this.#sum, phone, label: this.#label, copied, isClaimed, canClaim: !isClaimed && actions.includes('claim_receipt') };
    switch (view) {
      case 'form':
        return views.form({ ...shared, invalid: state.invalid, trouble: text[state.trouble] });
      case 'waiting':
        return views.waiting({ ...shared, message: payment?.customer_message, resumed: state.resumed, reconnecting: state.reconnecting, secondsLeft: secondsUntil(state.until) });
      case 'completed':
        return views.completed({
          ...shared,
          booking: this.#booking,
          amount: kes(payment.amount),
          receipt: outcome.receipt_number,
          paidAt: day(payment.transaction_date, this.#language),
          successUrl: this.#successUrl,
        });
      case 'failed':
        return views.failed({ ...shared, ...(outcome.outcome === 'refused' ? this.#refused(state) : this.#failure(state, actions)) });
      case 'offline':
        return views.offline({ ...shared, retry: outcome.payment_id ? 'restart' : 'pay' });
      default:
        return views[view]({ ...shared, ...state, message: outcome?.customer_message });
    }
  }

  #failure({ outcome, retryAt, isClaimed }, actions) {
    const text = this.#text;
    const left = secondsUntil(retryAt);
    return {
      title: text.failedTitle,
      message: outcome.customer_message || text.failedText,
      waitText: left > 0 && !isClaimed ? fill(text.retryIn, { time: minutes(left) }) : null,
      retry: isClaimed ? null : 'pay',
      canRetry: outcome.can_retry, // the service's word; a time that has passed here is only a reason to look
      otherNumber: !isClaimed && actions.includes('other_number'),
      details: isClaimed ? null : outcome.payment.manual_payment_details,
    };
  }

  /** Another number helps where the number is the trouble, at once. A new try helps where time is. */
  #refused({ outcome, retryAt }) {
    const left = secondsUntil(retryAt);
    const { code } = outcome;
    return {
      title: this.#text.refusedTitle,
      message: this.#refusal(outcome),
      waitText: left > 0 ? fill(this.#text.retryIn, { time: minutes(left) }) : null,
      retry: HOPELESS.test(code) ? null : outcome.payment_id || code === 'amount_differs_from_price' ? 'restart' : 'pay',
      canRetry: left <= 0,
      otherNumber: outcome.limited_by === 'phone' || /^(phone_busy|initiation_failed|invalid_phone_number)$/.test(code),
    };
  }

  #refusal({ code, error, message }) {
    const { codes } = this.#text;
    const sentence = error ?? message;
    return codes[code] ?? codes.other ?? sentence.charAt(0).toUpperCase() + sentence.slice(1);
  }

  /** Every second: the dial, or the time until a new try. At its end the service is asked. */
  #tick() {
    const { view, until, retryAt } = this.#state;
    const left = secondsUntil(view === 'waiting' ? until : retryAt);
    this.#render();
    if (left > 0) this.#after('tick', 1, () => this.#tick());
    else if (view === 'failed' && retryAt) this.#retryMayBeFree();
  }

  #retryMayBeFree() {
    const { outcome } = this.#state;
    this.#state.retryAt = null;
    if (outcome.outcome !== 'refused' && !outcome.can_retry) this.#look();
    else this.#render();
  }

  /** The new view in one sentence, for those who do not see it. */
  #announce() {
    const parts = ['h2', '.lead', '.note.warn', '.claimed'].map((selector) => this.#card.querySelector(selector)?.textContent);
    const isFocused = this.#root.activeElement?.localName === 'h2'; // then the heading is read out anyway
    const sentence = [...parts.slice(isFocused ? 1 : 0), this.#state.copied && this.#text.copied].filter(Boolean).join('. ');
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
    return this.#amount ? kes(this.#amount) : '';
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
    const run = () => {
      this.#timers.delete(name);
      work();
    };
    this.#timers.set(name, setTimeout(run, seconds * 1000));
  }

  #cancel(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}

const secondsUntil = (time) => (time ? Math.max(0, Math.ceil((time - Date.now()) / 1000)) : 0);

const minutes = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;

/** When the phone stops asking, by this clock: the service names seconds. Small differences do not make it jump. */
function promptEnd(known, seconds, { payment, phase }) {
  if (seconds) {
    const end = Date.now() + seconds * 1000;
    return known && Math.abs(known - end) < 2000 ? known : end;
  }
  return payment && phase === 'waiting' ? null : known;
}

/** A refused look at a payment is a matter of signing in; every other refusal is a failure to start. */
function viewOf({ outcome, http_status: httpStatus }) {
  if (outcome !== 'refused') return outcome;
  return httpStatus === 401 ? 'signIn' : 'failed';
}

/** 0712 345 678 or +254 712 345 678, as far as it is typed; anything else stays as it is. */
function grouped(phone) {
  const text = phone.replace(/[\s-]/g, '');
  const [, code, rest] = /^(\+?254)?(\d*)$/.exec(text) ?? [];
  if (rest === undefined) return phone;
  const first = !code && rest.startsWith('0') ? 4 : 3;
  return [code, rest.slice(0, first), rest.slice(first, first + 3), rest.slice(first + 3)].filter(Boolean).join(' ');
}

const readable = (phone) => grouped(isValidMpesaPhone(phone) ? `0${formatPhoneNumber(phone).slice(3)}` : phone);

/** 07xx xxx 123 for 2547*****123. */
function asMasked(phone) {
  const match = /^254(\d)\*+(\d{3})$/.exec(phone ?? '');
  return match && `0${match[1]}xx xxx ${match[2]}`;
}

function retryTime(outcome) {
  if (outcome.retry_after_seconds) return Date.now() + outcome.retry_after_seconds * 1000;
  if (outcome.outcome !== 'failed' || outcome.can_retry || !outcome.can_retry_at) return null;
  return Math.max(Date.parse(outcome.can_retry_at), Date.now() + RETRY_SECONDS_MIN * 1000); // this clock may be fast
}

function day(iso, language) {
  if (!iso) return null;
  const format = { dateStyle: 'medium', timeStyle: 'short', timeZone: 'Africa/Nairobi' };
  return `${new Intl.DateTimeFormat(`${language}-KE`, format).format(new Date(iso))} EAT`;
}

if (!customElements.get('mpesa-checkout')) customElements.define('mpesa-checkout', MpesaCheckout);
