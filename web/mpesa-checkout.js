/** <mpesa-checkout>: turns what mpesa-client.js knows into views, focus and events. It stores nothing. docs/frontend.md */
import * as views from './checkout/views.js';
import { STYLE } from './checkout/style.js';
import { TEXTS, fill } from './checkout/texts.js';
import { createMpesaClient, formatPhoneNumber, isValidMpesaPhone } from './mpesa-client.js';

const { element, morph, kes } = views;
const DIAGNOSE_SECONDS = 5;
const LOOK_SECONDS = 10;
const RETRY_SECONDS_MIN = 5;
const RECEIPT_LOOKS = 6; // a minute; later it is in the SMS
const HAND_LOOKS = 60; // who pays by hand takes minutes
const REDIRECT_SECONDS = 4;
const MONEY = ['completed', 'review', 'refund_due'];
const RECEIPT_CODE = /^[A-Z0-9]{8,16}$/;
const OTHER_NUMBER = /^(phone_busy|initiation_failed|invalid_phone_number)$/;
const HOPELESS = /^(consultation_|payment_(under|not)|forbidden|http_40[34])/;

export class MpesaCheckout extends HTMLElement {
  static observedAttributes = ['booking-id', 'api-base', 'token', 'amount', 'label', 'phone', 'lang', 'success-url'];

  #root = this.attachShadow({ mode: 'open' });
  #card = element('section');
  #announcer = element('p', { class: 'silent', role: 'status' });
  #client = null;
  #visit = new AbortController();
  #turn = 0; // only the newest watch changes the view
  #token = null;
  #price = null;
  #phone = ''; // as typed
  #state = { view: 'form' };
  #shown = '';
  #underWay = null;
  #isLeft = false;
  #hasActed = false;
  #told = '';
  #looks = 0;
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

  get token() {
    return this.#token ?? this.getAttribute('token');
  }

  set token(token) {
    const before = this.token;
    this.#token = token;
    const isRenewed = typeof before === 'function' && typeof token === 'function'; // frameworks do at every render
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

  // --- a visit: from arriving at a booking to leaving it

  #startSoon(isOther = false) {
    if (isOther) this.#state = { view: 'form' };
    this.#after('start', 0, () => this.#start());
  }

  #start() {
    this.#stop();
    this.#visit = new AbortController();
    this.#price = this.#client = null;
    this.#isLeft = false;
    this.#told = '';
    this.#looks = 0;
    this.#go({ ...this.#state, trouble: null });
    if (!this.isConnected) return;
    this.#after('diagnose', DIAGNOSE_SECONDS, () => this.#diagnose());
    if (!this.getAttribute('booking-id') || !this.token) return;
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
    this.#timers.forEach((timer) => clearTimeout(timer));
  }

  async #readPrice() {
    if (this.getAttribute('amount')) return;
    const { signal } = this.#visit;
    try {
      const booking = await this.#client.readBooking(this.getAttribute('booking-id'), { signal });
      if (signal.aborted) return;
      this.#price = booking.price_kes;
      this.#go({ ...this.#state, trouble: null });
    } catch (error) {
      const isPassing = error.code === 'offline' || error.http_status >= 429;
      if (!signal.aborted && isPassing) this.#after('price', DIAGNOSE_SECONDS, () => this.#readPrice());
    }
  }

  /** No price after 5 s. */
  #diagnose() {
    if (this.#state.view !== 'form' || (this.#amount && this.#client)) return;
    const missing = (!this.getAttribute('booking-id') && 'booking-id') || (!this.token && 'token');
    if (missing) this.#warn(missing, `it needs ${missing}, as an attribute${missing === 'token' ? ' or property' : ''}.`);
    else this.#warnOfSilence();
    this.#go({ ...this.#state, trouble: missing ? 'setup' : 'offlineText' });
  }

  #warnOfSilence() {
    const base = this.getAttribute('api-base') || location.origin;
    this.#warn('unreachable', `no answer from ${base}. Is api-base right, is the API up, does its AllowedOrigins hold ${location.origin}?`);
  }

  #warn(reason, sentence) {
    console.warn(`<mpesa-checkout>: ${sentence}`);
    this.#tell('mpesa-trouble', { reason, message: sentence });
  }

  #resume() {
    this.#follow((options) => this.#client.resumePayment(this.getAttribute('booking-id'), options));
  }

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
      this.#go({ view: 'form', typing: true, invalid: this.#state.view === 'form' });
      this.#root.querySelector('#phone').focus();
      return;
    }
    if (!this.#amount || !this.#client) return;
    this.#underWay = null;
    this.#go({ view: 'sending' });
    this.#follow((options) => this.#client.processPayment(this.#request(), options));
  }

  #request() {
    return {
      phone_number: this.#phone,
      amount: this.#amount,
      booking_id: this.getAttribute('booking-id'),
      account_reference: this.getAttribute('account-reference') || undefined,
      transaction_desc: this.getAttribute('transaction-desc') || undefined,
    };
  }

  /** One look; what is on the screen stays until something else is known. */
  #look() {
    const { view, checking, before } = this.#state;
    if (checking) return;
    if (view === 'signIn') return void this.#resume();
    const id = (before ?? this.#state).outcome?.payment_id;
    if (!id) return;
    if (view === 'pending') this.#go({ ...this.#state, checking: true });
    this.#follow(({ signal }) => this.#client.pollPaymentStatus(id, { signal, waitSeconds: 0 }));
  }

  #onVisible = () => {
    if (!document.hidden) this.#look();
  };

  // --- progress and outcomes

  #progress(update) {
    const reconnecting = update.phase === 'reconnecting';
    if (update.phase === 'sending' || !update.payment_id) {
      if (reconnecting && !this.#state.unsent) this.#warnOfSilence();
      this.#underWay = { view: 'sending', unsent: reconnecting };
    } else {
      const payment = update.payment ?? this.#underWay?.payment;
      const seconds = reconnecting ? null : (update.payment ?? update).prompt_seconds_left;
      const until = reconnecting ? this.#underWay?.until : seconds && Date.now() + seconds * 1000;
      this.#underWay = { ...update, view: 'waiting', payment, reconnecting, until };
    }
    if (!this.#isLeft) this.#go(this.#underWay);
    this.#tick();
    this.#tell('mpesa-update', update);
  }

  async #settle(outcome, signal) {
    const state = this.#state;
    if (outcome.outcome === 'refused' && outcome.http_status === 409) {
      // Paid, or being paid: show that payment instead.
      outcome = (await this.#client.resumePayment(this.getAttribute('booking-id'), { signal })) ?? outcome;
    }
    const isNews = !['offline', 'refused'].includes(outcome.outcome) || outcome.http_status === 401;
    if (isNews || !(state.before ?? state).outcome?.payment_id) this.#showOutcome(outcome, state);
    else this.#go({ ...state, checking: false, retryAt: state.retryAt && notBefore(state.retryAt) });
    this.#lookLater();
    this.#tick();
    const told = [outcome.outcome, outcome.payment_id, outcome.code, outcome.payment?.detail].join();
    if (told === this.#told) return;
    this.#told = told;
    this.#looks = 0;
    if (outcome.outcome === 'offline') this.#warnOfSilence();
    this.#tell('mpesa-outcome', outcome);
    if (outcome.outcome !== 'completed') return;
    const mayLeave = this.#tell('mpesa-completed', outcome);
    const url = state.view !== 'form' && this.#successUrl;
    if (mayLeave && url) this.#after('leave', REDIRECT_SECONDS, () => location.assign(url));
  }

  /** Only money changes a view that was left or is typed in. */
  #showOutcome(outcome, { view, before, isClaimed }) {
    const isFinal = MONEY.includes(outcome.outcome);
    const isOpen = isClaimed && outcome.outcome === 'failed'; // nobody who says "I have paid" is asked to pay
    const next = { view: isOpen ? 'pending' : viewOf(outcome), outcome, retryAt: retryTime(outcome), isClaimed };
    if (this.#isLeft && next.view === 'pending') this.#go({ view: 'left', outcome });
    else if (view === 'claim' && !isFinal) this.#state.before = { ...before, ...next };
    else if (this.#state.typing && next.view === 'failed') return; // another number is being typed
    else this.#go(next);
    if (isFinal || next.view !== 'pending') this.#isLeft = false;
  }

  #lookLater() {
    const { view, outcome, retryAt, isClaimed } = this.#state.before ?? this.#state;
    const pace = outcome?.payment?.poll_after_seconds;
    const mayChange =
      pace || retryAt || isClaimed || view === 'pending' || view === 'left' ||
      (view === 'signIn' && typeof this.token === 'function') ||
      (view === 'completed' && !outcome.receipt_number && (this.#looks += 1) <= RECEIPT_LOOKS) ||
      (outcome?.payment?.manual_payment_details && (this.#looks += 1) <= HAND_LOOKS);
    const later = () => (document.hidden ? this.#lookLater() : this.#look());
    if (mayChange) this.#after('look', Math.max(LOOK_SECONDS, pace ?? 0), later);
  }

  #tell(name, detail) {
    return this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: true }));
  }

  /** The service's sentences are in the old language: read them again. */
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

  // --- what the customer does

  #press(button) {
    if (!button || button.getAttribute('aria-disabled')) return;
    this.#hasActed = true;
    const { name, value } = button;
    const presses = {
      pay: () => this.#pay(),
      check: () => this.#look(),
      restart: () => this.#start(),
      other: () => this.#go({ view: 'form', typing: true }),
      claim: () => this.#go({ view: 'claim', before: this.#state }),
      leave: () => this.#leave(),
      return: () => this.#return(),
      share: () => this.#share(),
      print: () => this.#print(),
    };
    if (value) this.#copy(name, value);
    else presses[name]();
  }

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
    this.#phone = readable(phone);
    const field = this.#root.querySelector('#phone');
    if (field) field.value = this.#phone;
  }

  /** Nothing takes a prompt back: the watch goes on. */
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

  /** Only a later look tells whether the receipt is known. */
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
      this.#go({ ...this.#state.before, view: 'pending', isClaimed: true });
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
    const facts = [...this.#card.querySelectorAll('.receipt > div')];
    const text = facts.map((fact) => [...fact.children].map((each) => each.textContent).join(': ')).join('\n');
    if (navigator.share) navigator.share({ title: this.#text.receipt, text }).catch(() => {});
    else this.#copy('share', text);
  }

  #print() {
    const frame = element('iframe', { class: 'silent', title: this.#text.receipt });
    frame.srcdoc = `<title>M-PESA</title><h1>${this.#text.completedTitle}</h1>${this.#card.querySelector('.receipt').outerHTML}`;
    frame.onload = () => {
      frame.contentWindow.onafterprint = () => frame.remove();
      frame.contentWindow.print();
    };
    this.#root.append(frame);
  }

  // --- on the screen

  #go(state) {
    this.#state = state;
    this.#render();
  }

  #render() {
    const held = this.#root.activeElement;
    const text = this.#text;
    const { view } = this.#state;
    const hasChanged = this.#shown !== view;
    const bill = { text, label: this.getAttribute('label'), amount: this.#amount && kes(this.#amount) };
    const shown = [view !== 'completed' && views.bill(bill), this.#viewOf(this.#state, bill)];
    const next = element('section', { class: 'card', 'aria-label': 'M-PESA', lang: this.#language }, shown);
    if (hasChanged) this.#card.replaceChildren();
    morph(this.#card, next);
    this.#shown = view;
    const field = this.#root.querySelector('#phone');
    if (hasChanged && field) field.value = this.#phone;
    const isLost = held && !held.isConnected;
    if (isLost || (hasChanged && this.#hasActed)) (this.#card.querySelector('h2') ?? field)?.focus();
    if (hasChanged) this.#hasActed = false;
    this.#announce();
  }

  #viewOf(state, bill) {
    const { view, outcome, copied, isClaimed } = state;
    const payment = outcome?.payment ?? state.payment;
    const actions = payment?.actions ?? [];
    const phone = payment?.masked_phone_number?.replace(/^254(.)\*+/, '0$1xx xxx ') ?? readable(this.#phone); // 07xx xxx 678
    const canClaim = !isClaimed && actions.includes('claim_receipt');
    const shared = { ...bill, phone, copied, isClaimed, canClaim };
    switch (view) {
      case 'form':
        return views.form({ ...shared, invalid: state.invalid, trouble: bill.text[state.trouble] });
      case 'waiting':
        return views.waiting({ ...shared, ...state, message: payment?.customer_message, secondsLeft: secondsUntil(state.until) });
      case 'completed':
        return views.completed({
          ...shared,
          booking: this.getAttribute('booking-id'),
          amount: kes(payment.amount),
          receipt: outcome.receipt_number,
          paidAt: day(payment.transaction_date, this.#language),
          successUrl: this.#successUrl,
        });
      case 'failed':
        return views.failed({ ...shared, ...this.#failure(state, actions) });
      case 'offline':
        return views.offline({ ...shared, retry: outcome.payment_id ? 'restart' : 'pay' });
      default:
        return views[view]({ ...shared, ...state, message: outcome?.customer_message });
    }
  }

  #failure({ outcome, retryAt }, actions) {
    const { code, limited_by: limit, payment, payment_id: id } = outcome;
    const text = this.#text;
    const left = secondsUntil(retryAt);
    const isRefused = outcome.outcome === 'refused';
    return {
      title: isRefused ? text.refusedTitle : text.failedTitle,
      message: isRefused ? this.#refusal(outcome) : outcome.customer_message,
      waitText: left > 0 ? fill(text.retryIn, { time: minutes(left) }) : null,
      retry: HOPELESS.test(code) ? null : isRefused && (id || code.startsWith('amount_')) ? 'restart' : 'pay',
      canRetry: isRefused ? left <= 0 : outcome.can_retry, // the service's word, never this clock's
      otherNumber: isRefused ? limit === 'phone' || OTHER_NUMBER.test(code) : actions.includes('other_number'),
      details: payment?.manual_payment_details,
    };
  }

  #refusal({ code, error, message }) {
    const { codes, contact } = this.#text;
    const known = codes[code] ?? codes[code.split('_').pop()] ?? codes.other ?? error ?? message;
    const sentence = known[0].toUpperCase() + known.slice(1);
    return HOPELESS.test(code) ? `${sentence.replace(/\.?$/, '.')} ${contact}` : sentence;
  }

  /** The service is asked before a new try is enabled. */
  #tick() {
    const { until, retryAt, outcome } = this.#state;
    this.#render();
    if (secondsUntil(until ?? retryAt) > 0) this.#after('tick', 1, () => this.#tick());
    else if (retryAt && outcome.outcome === 'failed') this.#look();
  }

  #announce() {
    const parts = ['h2', '.lead', '.note.warn', '.claimed'].map((selector) => this.#card.querySelector(selector)?.textContent);
    const isFocused = this.#root.activeElement?.localName === 'h2';
    const sentence = [...parts.slice(isFocused ? 1 : 0), this.#state.copied && this.#text.copied].filter(Boolean).join('. ');
    if (this.#announcer.textContent !== sentence) this.#announcer.textContent = sentence;
    this.#announcer.lang = this.#language;
  }

  get #amount() {
    return Number(this.getAttribute('amount')) || this.#price;
  }

  get #language() {
    const asked = this.getAttribute('lang') || this.closest('[lang]')?.lang || '';
    return asked.toLowerCase().startsWith('sw') ? 'sw' : 'en';
  }

  get #text() {
    return TEXTS[this.#language];
  }

  get #successUrl() {
    const address = this.getAttribute('success-url');
    if (!address || !URL.canParse(address, document.baseURI)) return null;
    const url = new URL(address, document.baseURI);
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
    if (this.#state.outcome?.payment_id) url.searchParams.set('payment_id', this.#state.outcome.payment_id);
    return url.href;
  }

  #after(name, seconds, work) {
    clearTimeout(this.#timers.get(name));
    this.#timers.set(name, setTimeout(work, seconds * 1000));
  }
}

const secondsUntil = (time) => (time ? Math.max(0, Math.ceil((time - Date.now()) / 1000)) : 0);

const minutes = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;

function viewOf({ outcome, http_status: httpStatus }) {
  if (outcome !== 'refused') return outcome;
  return httpStatus === 401 ? 'signIn' : 'failed';
}

function grouped(phone) {
  const text = phone.replace(/[\s-]/g, '');
  const [, code, rest] = /^(\+?254)?(\d*)$/.exec(text) ?? [];
  if (rest === undefined) return phone;
  const first = !code && rest.startsWith('0') ? 4 : 3;
  return [code, rest.slice(0, first), rest.slice(first, first + 3), rest.slice(first + 3)].filter(Boolean).join(' ');
}

const readable = (phone) => grouped(isValidMpesaPhone(phone) ? `0${formatPhoneNumber(phone).slice(3)}` : phone);

const notBefore = (time) => Math.max(time, Date.now() + RETRY_SECONDS_MIN * 1000);

function retryTime(outcome) {
  if (outcome.retry_after_seconds) return Date.now() + outcome.retry_after_seconds * 1000;
  if (outcome.outcome !== 'failed' || outcome.can_retry || !outcome.can_retry_at) return null;
  return notBefore(Date.parse(outcome.can_retry_at));
}

function day(iso, language) {
  if (!iso) return null;
  const format = { dateStyle: 'medium', timeStyle: 'short', timeZone: 'Africa/Nairobi' };
  return `${new Intl.DateTimeFormat(`${language}-KE`, format).format(new Date(iso))} EAT`;
}

if (!customElements.get('mpesa-checkout')) customElements.define('mpesa-checkout', MpesaCheckout);
