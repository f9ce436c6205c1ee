/**
 * One play of a day: a customer, a phone and a booking of its own, and every step that was heard of its payment.
 * It only listens; `element` is the checkout that the customer uses.
 */
import { DAYS } from './days.js';
import { kes, stepOf } from './steps.js';

const STATE_KINDS = { completed: 'good', refunded: 'good', failed: 'bad', cancelled: 'bad', review: 'warn', refund_due: 'warn', unknown: 'warn' };
const OUTCOME_KINDS = { completed: 'good', refunded: 'good', pending: 'warn', review: 'warn', refund_due: 'warn', offline: 'warn' };
// What a function that wrote an event had heard; the others ask M-PESA themselves.
const EVIDENCE_OF = { callback: ['callback', 'callbackAnswered', 'callbackRefused'], c2b: ['confirmation'], consultations: ['clinic'] };
const ASKED = ['queryAnswer', 'query', 'pull'];
const REFUND_WHYS = { RefundDue: 'refundOwed', RefundRequested: 'refundTwo', RefundSent: 'refundOnce' };
const OVER = ['completed', 'failed', 'refused', 'review', 'refund_due'];

export class Play extends EventTarget {
  steps = []; // in the order of time
  startedAt = null;
  paymentId = null;
  outcome = null; // what the checkout shows in the end
  booking = null; // {status, payment_status}, as the API has it
  movedKes = null; // by the simulator's ledger
  element = null;
  #states = [];
  #prompts = new Set(); // CheckoutRequestIDs
  #journal = new Set(); // the entries that were heard
  #receipt = null;
  #moneyReceipt = null; // of the ledger
  #paidBy = null; // the function that wrote "completed"
  #paidAt = Infinity;
  #lastEventAt = 0;
  #isReturned = false; // the customer reads that the money is back

  constructor({ day, phone, bookingId, clientId, token, priceKes, openingKes, isAlone }) {
    super();
    Object.assign(this, { day, phone, bookingId, clientId, token, priceKes, openingKes, isAlone });
  }

  /** The checkout's own heading: what the customer reads now. */
  get heading() {
    return this.element?.shadowRoot?.querySelector('h2')?.textContent ?? '';
  }

  get isOver() {
    return this.outcome !== null;
  }

  /** Whether money, booking and customer agree; null until all three are known. */
  get agrees() {
    if (this.outcome === null || this.movedKes === null || !this.booking) return null;
    if (DAYS[this.day].isCancelled && this.outcome !== 'failed') return this.#agreesOnRefund();
    const isConfirmed = this.booking.status === 'Confirmed';
    if (this.movedKes === 0) return !isConfirmed && this.outcome !== 'completed';
    return this.movedKes === this.priceKes && isConfirmed && this.outcome === 'completed';
  }

  /** Owed and taken, or returned and back; null while the clinic or the customer has yet to look. */
  #agreesOnRefund() {
    if (this.booking.status !== 'Cancelled' || this.outcome !== 'refund_due') return null;
    if (this.movedKes === 0) return this.#isReturned || null;
    return this.movedKes === this.priceKes && !this.#isReturned;
  }

  /** Whether the money waits at the desk for a person. */
  get needsPerson() {
    return this.outcome === 'refund_due' && !this.#isReturned;
  }

  /** Adds a step at its place in time. A repeated step stays one, with its first and its last time. */
  add(step) {
    this.startedAt = Math.min(this.startedAt ?? step.at, step.at);
    const last = this.steps.at(-1);
    if (step.repeats && last?.repeats === step.repeats) {
      Object.assign(last, { count: last.count + 1, lastAt: step.at, text: step.textMany });
    } else {
      const place = this.steps.findLastIndex((each) => each.at <= step.at) + 1;
      this.steps.splice(place, 0, { count: 1, ...step });
    }
    this.changed();
  }

  changed() {
    this.#endWithTheCustomer();
    this.dispatchEvent(new Event('change'));
  }

  /** Whatever still comes after the end, the last line is what the customer reads. */
  #endWithTheCustomer() {
    const last = this.steps.at(-1);
    if (!this.isOver || last?.text === 'learnedBefore') return;
    this.steps = this.steps.filter(({ text }) => text !== 'learnedBefore');
    if (last?.learned || last?.text === 'receiptShown') return;
    const told = this.steps.findLast(({ learned }) => learned);
    if (told) this.steps.push({ at: last.at, from: 'browser', text: 'learnedBefore', learned: told.learned, kind: 'faint' });
  }

  // --- from the browser -----------------------------------------------------------------------------------

  /** The checkout asks for a payment; an earlier try of this booking stays in the timeline. */
  hearPush(at) {
    this.outcome = null;
    this.add({ at, from: 'browser', to: 'hakika', text: 'asks', values: { amount: kes(this.priceKes) } });
  }

  /** The answer to one of the checkout's requests; status 0 is none. */
  hearAnswer({ at, method, status, body }) {
    if (body?.CheckoutRequestID) this.#prompts.add(body.CheckoutRequestID);
    if (body?.payment_id) this.paymentId = body.payment_id;
    if (method === 'POST') this.#hearPushAnswer(at, status, body);
    else this.#hearLook(at, status, body);
  }

  #hearPushAnswer(at, status, body) {
    const answer = { at, from: 'hakika', to: 'browser' };
    const fact = body?.code ?? `HTTP ${status}`;
    if (!status) this.add({ ...answer, text: 'lost', kind: 'bad' });
    else if (status === 200) this.add({ ...answer, text: 'asked' });
    else if (status === 202) this.add({ ...answer, text: 'notSure', kind: 'warn' });
    else this.add({ ...answer, text: 'refused', fact, kind: 'bad' });
    if (body?.payment_id && this.#states.length === 0) this.hearState(at, status === 202 ? 'unknown' : 'pending');
  }

  #hearLook(at, status, body) {
    const look = { at, kind: 'faint', repeats: 'looks', from: 'browser', to: 'hakika', text: 'looks', textMany: 'looksMany' };
    if (!status) {
      this.add({ at, from: 'hakika', to: 'browser', text: 'lost', kind: 'bad', repeats: 'lost', textMany: 'lost' });
    } else if (status === 200) {
      if (!this.isOver) this.add(look);
      this.hearState(at, body.detail);
      this.#hearReceipt(at, body.mpesa_receipt_number);
    }
  }

  #hearReceipt(at, receipt) {
    const isLate = this.outcome === 'completed' && this.#receipt === null && receipt;
    if (isLate) this.add({ at, from: 'hakika', to: 'browser', text: 'receiptShown', fact: receipt, kind: 'good' });
    this.#receipt = receipt ?? this.#receipt;
  }

  /** What the checkout shows in the end, or while it goes on looking. */
  hearOutcome(at, { outcome, payment }) {
    const last = this.steps.findLast((step) => step.learned);
    this.outcome = OVER.includes(outcome) ? outcome : null;
    this.#isReturned = payment?.detail === 'refunded';
    const learned = this.#isReturned ? 'refunded' : outcome;
    if (last?.learned === learned) return this.changed();
    const why = { completed: 'learnedPaid', failed: 'learnedFailed' }[learned];
    this.add({ at, from: 'hakika', to: 'browser', text: 'learned', why, learned, kind: OUTCOME_KINDS[learned] ?? 'bad' });
  }

  /** The clinic's booking system cancels what was paid. */
  hearClinic(at) {
    this.add({ at, from: 'hakika', text: 'clinic', kind: 'warn', isEvidence: true });
  }

  // --- from the backend -----------------------------------------------------------------------------------

  hearState(at, state) {
    const before = this.#states.at(-1);
    if (!state || before === state) return;
    this.#states.push(state);
    const why = state === 'unknown' ? 'stateUnknown' : null;
    const text = before ? 'state' : 'stateFirst';
    this.add({ at, from: 'hakika', text, why, states: { from: before, to: state }, kind: STATE_KINDS[state] ?? '' });
  }

  /** What other systems hear. Its time is in whole seconds, so it is put behind what caused it. */
  hearEvent({ type, from_status: from, status, by, occurred_at: occurredAt, receipt_number: receipt }) {
    const isChange = Boolean(from) && from !== status;
    const told = EVIDENCE_OF[by] ?? ASKED;
    const cause = this.steps.findLast((step) => step.isEvidence && !step.isSpent && told.includes(step.text));
    if (cause) this.#explain(cause, isChange, status);
    const at = (this.#lastEventAt = Math.max(Date.parse(occurredAt), cause?.at ?? 0, this.#lastEventAt));
    if (isChange && status === 'completed') [this.#paidBy, this.#paidAt] = [by, at];
    this.#judgeCallbacks();
    if (this.#states.at(-1) !== status) this.#states.push(status);
    // The event says it better than the look that happened to see the change.
    this.steps = this.steps.filter((step) => step.text !== 'state' || step.states.to !== status);
    this.add({
      at,
      from: 'hakika',
      text: isChange ? 'event' : 'eventSame',
      why: REFUND_WHYS[type] ?? ((isChange || !from) && status === 'completed' ? 'oneWrite' : null),
      values: { type },
      states: { from, to: status },
      fact: by.startsWith('staff:') ? by.slice('staff:'.length) : receipt,
      kind: STATE_KINDS[status] ?? 'good',
    });
  }

  /** Says of the evidence behind a change why it counted. */
  #explain(cause, isChange, status) {
    cause.isSpent = true;
    if (cause.isQuery && isChange && status === 'completed') cause.why = 'queryTrusted';
    if (cause.text === 'confirmation' && isChange && status === 'completed') Object.assign(cause, { why: 'confirmationPaid', kind: '' });
  }

  /** A callback that did not complete the payment came after another witness, or was never answered. */
  #judgeCallbacks() {
    if (this.#paidBy === null || this.#paidBy === 'callback') return;
    for (const step of this.steps.filter(({ why }) => why === 'callbackPaid')) {
      const isAfter = step.text === 'callbackAnswered' || step.at >= this.#paidAt;
      if (step.text !== 'callback') step.why = isAfter ? 'callbackAfter' : null;
    }
  }

  // --- from Daraja and the phone --------------------------------------------------------------------------------

  /** One entry of the simulator's journal; what concerns another payment is passed over. Gives whether it was ours. */
  hearJournal(entry) {
    if (!this.#concerns(entry) || this.#journal.has(entry.sequence)) return false;
    this.#journal.add(entry.sequence);
    if (entry.checkout_request_id) this.#prompts.add(entry.checkout_request_id);
    if (entry.kind === 'money') this.#moneyReceipt = entry.receipt;
    const isLost = entry.kind === 'result' && DAYS[this.day].loses;
    const step = isLost ? { from: 'mpesa', to: 'hakika', text: 'callbackLost', kind: 'bad lost' } : stepOf(entry);
    if (step) this.add({ at: entry.at * 1000, ...step });
    if (entry.kind === 'callback_answered') this.#acknowledge(entry);
    return true;
  }

  /** A list of what the paybill was paid concerns the play whose money is in it. */
  #concerns({ kind, phone, checkout_request_id: promptId, path, answer, body }) {
    if (kind === 'request' && path.includes('/reversal/')) return this.#moneyReceipt !== null && Boolean(body?.includes(this.#moneyReceipt));
    if (kind === 'request' && path.includes('/pulltransactions/')) {
      return !this.isOver && this.#moneyReceipt !== null && Boolean(answer?.includes(this.#moneyReceipt));
    }
    return phone === this.phone || this.#prompts.has(promptId);
  }

  #acknowledge({ delivery, status }) {
    const step = this.steps.find((each) => each.delivery === delivery);
    if (step?.text !== 'callback') return;
    step.text = status === 200 ? 'callbackAnswered' : 'callbackRefused';
    step.values = { ...step.values, status: status ?? '—' };
    if (status !== 200) step.kind = 'bad';
    this.#judgeCallbacks();
    this.changed();
  }
}
