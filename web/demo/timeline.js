/**
 * The payment's timeline: what the browser sent, what Daraja and the phone did, and what Hakika made of it,
 * as a sequence diagram that grows. It only shows; it never asks the payment API for anything itself.
 */
import { TEXTS, fill } from './texts.js';

const LANES = { browser: 1, hakika: 2, mpesa: 3, phone: 4 };
const LANE_TEXTS = { browser: 'laneBrowser', hakika: 'laneHakika', mpesa: 'laneMpesa', phone: 'lanePhone' };
const KIND = { completed: 'good', failed: 'bad', cancelled: 'bad', review: 'warn', refund_due: 'warn', unknown: 'warn' };

export class Timeline {
  #list = document.querySelector('#steps');
  #empty = document.querySelector('#empty');
  #steps = []; // {at, from, to, text, values, kind, ...}, in the order of time
  #startedAt = null;
  #phone = null;
  #prompts = new Set(); // the CheckoutRequestIDs of this timeline
  #states = [];
  #journal = new Set(); // the entries that were heard
  #language = 'en';

  set language(language) {
    this.#language = language;
    this.#draw();
  }

  /** A new payment on a phone: everything before is gone. */
  begin(phone) {
    this.#steps = [];
    this.#states = [];
    this.#prompts.clear();
    this.#journal.clear();
    this.#startedAt = null;
    this.#phone = phone;
    this.#draw();
  }

  /** Adds a step. Shape: `from` and `to` are lanes; without `to` it is a note on a lane. */
  add(step) {
    this.#startedAt = Math.min(this.#startedAt ?? step.at, step.at);
    const last = this.#steps.at(-1);
    if (step.repeats && last?.repeats === step.repeats) {
      Object.assign(last, { count: last.count + 1, text: step.textMany });
    } else {
      const place = this.#steps.findLastIndex((each) => each.at <= step.at) + 1;
      this.#steps.splice(place, 0, { count: 1, ...step });
    }
    this.#draw();
    return step;
  }

  // --- from the browser -----------------------------------------------------------------------------------

  /** The checkout asks for a payment. */
  hearPush(at, amount) {
    this.add({ at, from: 'browser', to: 'hakika', text: 'asks', values: { amount } });
  }

  /** The answer to one of the checkout's requests; status 0 is none. */
  hearAnswer({ at, method, path, status, body }) {
    if (body?.CheckoutRequestID) this.#prompts.add(body.CheckoutRequestID);
    if (method === 'POST') this.#hearPushAnswer(at, status, body);
    else if (path.includes('/status/')) this.#hearLook(at, status, body);
  }

  #hearPushAnswer(at, status, body) {
    const answer = { at, from: 'hakika', to: 'browser', values: { error: body?.error ?? `HTTP ${status}` } };
    if (!status) this.add({ ...answer, text: 'lost', kind: 'bad' });
    else if (status === 200 || status === 202) this.add({ ...answer, text: ['asksAnswer', status], kind: status === 202 ? 'warn' : '' });
    else this.add({ ...answer, text: 'refused', kind: 'bad' });
    if (body?.payment_id && this.#states.length === 0) this.hearState(at, status === 202 ? 'unknown' : 'pending');
  }

  #hearLook(at, status, body) {
    if (!status) {
      this.add({ at, from: 'hakika', to: 'browser', text: 'lost', kind: 'bad', repeats: 'lost', textMany: 'lost' });
    } else if (status === 200) {
      this.add({ at, from: 'browser', to: 'hakika', text: 'looks', textMany: 'looksMany', repeats: 'looks', kind: 'faint' });
      this.hearState(at, body.detail, body.mpesa_receipt_number);
    }
  }

  hearState(at, state, receipt = null) {
    const before = this.#states.at(-1);
    if (!state || before === state) return;
    this.#states.push(state);
    const text = before ? 'state' : 'stateFirst';
    this.add({ at, from: 'hakika', text, values: { from: before, to: state }, fact: receipt, kind: KIND[state] ?? '' });
  }

  /** What other systems hear. Its time is in whole seconds, so it is put behind what caused it. */
  hearEvent({ type, from_status: from, status, occurred_at: occurredAt, receipt_number: receipt }) {
    const cause = this.#steps.findLast((step) => step.isEvidence);
    const at = Math.max(Date.parse(occurredAt), cause?.at ?? 0);
    if (this.#states.at(-1) !== status) this.#states.push(status);
    // The event says it better than the look that happened to see the change.
    this.#steps = this.#steps.filter((step) => step.text !== 'state' || step.values.to !== status);
    const text = from && from !== status ? 'event' : 'eventSame';
    this.add({ at, from: 'hakika', text, values: { type, from, to: status }, fact: receipt, kind: KIND[status] ?? 'good' });
  }

  // --- from Daraja and the phone --------------------------------------------------------------------------------

  /** One entry of the simulator's journal; what concerns another payment is passed over. */
  hearJournal(entry) {
    const isOurs = entry.phone === this.#phone || this.#prompts.has(entry.checkout_request_id);
    if (!isOurs || this.#journal.has(entry.sequence)) return;
    this.#journal.add(entry.sequence);
    if (entry.checkout_request_id) this.#prompts.add(entry.checkout_request_id);
    const step = stepOf(entry);
    if (step) this.add({ at: entry.at * 1000, ...step });
    if (entry.kind === 'callback_answered') this.#acknowledge(entry);
  }

  #acknowledge({ delivery, status }) {
    const step = this.#steps.find((each) => each.delivery === delivery);
    if (!step) return;
    step.text = status === 200 ? 'callbackAnswered' : 'callbackRefused';
    step.values = { ...step.values, status: status ?? '—' };
    if (status !== 200) step.kind = 'bad';
    this.#draw();
  }

  // --- on the screen ----------------------------------------------------------------------------------------------

  #draw() {
    const text = TEXTS[this.#language];
    this.#list.replaceChildren(...this.#steps.map((step) => this.#row(step, text)));
    this.#empty.hidden = this.#steps.length > 0;
    const chips = this.#states.map((state) => chip(state));
    document.querySelector('#payment-state').replaceChildren(...(chips.length ? chips : ['—']));
  }

  #row(step, text) {
    const [from, to] = [LANES[step.from], LANES[step.to ?? step.from]];
    const [left, right] = [Math.min(from, to), Math.max(from, to)];
    const direction = step.to ? `arrow ${to > from ? 'right' : 'left'}` : 'note';
    const lane = (name) => text[LANE_TEXTS[name]];
    const who = step.to ? fill(text.to, { from: lane(step.from), to: lane(step.to) }) : lane(step.from);
    const sentence = Array.isArray(step.text) ? text[step.text[0]][step.text[1]] : text[step.text];
    const says = span('says', fill(sentence, { ...step.values, count: step.count }));
    if (step.fact) says.append(' ', span('fact', step.fact));
    const body = document.createElement('div');
    body.className = `step ${direction} ${step.kind ?? ''}`;
    const margin = step.to ? 0 : 1; // a note may be wider than its lane
    body.style.gridColumn = `${left + 1 - margin} / ${right + 2 + margin}`;
    body.style.setProperty('--span', right - left + 1);
    body.append(span('who silent', `${who}:`), ' ', says);
    const row = document.createElement('li');
    row.append(span('at', `${((step.at - this.#startedAt) / 1000).toFixed(1)} s`), body);
    if (step.drawn) row.style.animation = 'none';
    step.drawn = true;
    return row;
  }
}

/** What a journal entry is in the diagram; null for what does not belong there. */
function stepOf(entry) {
  switch (entry.kind) {
    case 'request':
      return requestStep(entry);
    case 'prompt':
      if (entry.what === 'shown') return { from: 'mpesa', to: 'phone', text: 'shown' };
      return { from: 'phone', to: 'mpesa', text: entry.what, kind: entry.what === 'pin' ? '' : 'bad' };
    case 'money':
      return { from: 'mpesa', text: 'money', values: { amount: kes(entry.amount_kes) }, fact: entry.receipt, kind: 'good' };
    case 'sms':
      return { from: 'mpesa', to: 'phone', text: 'sms', kind: 'faint' };
    case 'result':
      return entry.result_code === '0' ? null : { from: 'mpesa', text: 'result', values: { fact: entry.result_code }, kind: 'bad' };
    case 'callback_posted':
      return { from: 'mpesa', to: 'hakika', text: 'callback', values: { fact: resultOf(entry.body) }, delivery: entry.delivery, isEvidence: true };
    default:
      return null;
  }
}

function requestStep(entry) {
  const answer = parsed(entry.answer);
  if (entry.path.endsWith('/processrequest')) {
    const amount = kes(parsed(entry.body)?.Amount);
    if (entry.transport !== 'ok') return { from: 'hakika', to: 'mpesa', text: 'pushLost', values: { amount }, kind: 'warn' };
    if (answer?.ResponseCode === '0') return { from: 'hakika', to: 'mpesa', text: 'push', values: { amount } };
    const fact = answer?.errorMessage ?? `HTTP ${entry.status}`;
    return { from: 'hakika', to: 'mpesa', text: 'pushFailed', values: { amount, fact }, kind: 'warn' };
  }
  if (entry.path.includes('/stkpushquery')) {
    const code = answer?.ResultCode;
    const text = code === undefined || code === '4999' ? 'query' : 'queryAnswer';
    return { from: 'hakika', to: 'mpesa', text, values: { fact: code }, isEvidence: true };
  }
  return null;
}

function resultOf(body) {
  const result = parsed(body)?.Body?.stkCallback;
  return result ? String(result.ResultCode) : '?';
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function chip(state) {
  return span(KIND[state] ?? '', state);
}

function span(kind, text) {
  const node = document.createElement('span');
  node.className = kind;
  node.textContent = text;
  return node;
}

export const kes = (amount) => `KES ${Number(amount).toLocaleString('en-KE')}`;
