/** The views of <mpesa-checkout>: from a state to elements. They decide nothing, keep nothing and hear nothing. */
import { fill } from './texts.js';

const ICONS = {
  lock: '<path d="M6 9V7a4 4 0 0 1 8 0v2M4.5 9h11v8h-11z"/>',
  check: '<path d="M4.5 10.5l3.8 3.8 7.2-8"/>',
  cross: '<path d="M5.5 5.5l9 9m0-9l-9 9"/>',
  clock: '<path d="M10 5v5.2l3.2 2M10 2.6a7.4 7.4 0 1 0 0 14.8 7.4 7.4 0 0 0 0-14.8z"/>',
  eye: '<path d="M2.5 10s2.7-4.8 7.5-4.8 7.5 4.8 7.5 4.8-2.7 4.8-7.5 4.8S2.5 10 2.5 10zm7.5-2a2 2 0 1 0 0 4 2 2 0 0 0 0-4z"/>',
  back: '<path d="M7.5 5L3.5 9l4 4M4 9h8.2a4 4 0 0 1 0 8H9"/>',
  cloud: '<path d="M3 3l14 14M6.2 7.4A3.8 3.8 0 0 0 6 15h8M9.5 5.4a4.5 4.5 0 0 1 5 4 3 3 0 0 1 2 3.6"/>',
};
const DIAL_LENGTH = 2 * Math.PI * 44;

/** An element; null and false attributes are left out, and so are children that are not there. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.flat().filter(Boolean));
  return node;
}

/** Makes the old element equal to the new one. What is equal already stays: focus, typed text, a press under way. */
export function morph(old, next) {
  if (old.isEqualNode(next)) return;
  if (old.nodeName !== next.nodeName || !old.attributes || ['id', 'name'].some((each) => old.getAttribute(each) !== next.getAttribute(each))) {
    return old.replaceWith(next);
  }
  for (const { name } of [...old.attributes]) if (!next.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of next.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const before = [...old.childNodes];
  const after = [...next.childNodes];
  after.forEach((child, index) => (before[index] ? morph(before[index], child) : old.append(child)));
  for (const rest of before.slice(after.length)) rest.remove();
}

function icon(name) {
  const span = element('span', { 'aria-hidden': 'true' });
  span.innerHTML = `<svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="2"
    stroke-linecap="round" stroke-linejoin="round" width="20" height="20">${ICONS[name]}</svg>`;
  return span;
}

const view = (...children) => element('div', { class: 'view' }, ...children);
const heading = (text) => element('h2', { tabindex: '-1' }, text);
const mark = (kind, name) => element('div', { class: `mark ${kind}`, 'aria-hidden': 'true' }, icon(name));
const lead = (text) => element('p', { class: 'lead' }, text);
const note = (text, kind = '') => element('p', { class: `note ${kind}` }, text);
/** The name of a button is what the element does when it is pressed. */
const button = (name, text, attributes = {}) => element('button', { type: 'button', name, ...attributes }, text);
const plain = (name, text) => button(name, text, { class: 'plain' });
const row = (name, value, kind, more) => value && element('div', {}, element('dt', {}, name), element('dd', { class: kind }, value, more));

/** What is paid for and how much; every view but the receipt has it on top. */
export function bill({ text, label, amount }) {
  if (!label && !amount) return null;
  return element('div', { class: 'bill' },
    element('div', { class: 'what' }, label ?? ''),
    amount && element('div', { class: 'sum' }, element('span', { class: 'small' }, text.toPay), element('strong', {}, amount)));
}

function field(id, label, hint, invalid, attributes) {
  return element('div', {},
    element('label', { for: id }, label),
    element('input', { id, name: id, required: true, 'aria-invalid': invalid ? 'true' : null, 'aria-describedby': `${id}-hint`, ...attributes }),
    element('p', { id: `${id}-hint`, class: `hint small ${invalid ? 'error' : ''}` }, hint));
}

export function form({ text, amount, invalid, trouble }) {
  const attributes = { type: 'tel', inputmode: 'tel', autocomplete: 'tel', maxlength: '20', placeholder: '0712 345 678' };
  return element('form', { novalidate: true, name: 'pay' },
    field('phone', text.phoneLabel, invalid ? text.phoneInvalid : text.phoneHint, invalid, attributes),
    element('button', { type: 'submit', disabled: !amount }, amount ? fill(text.pay, { amount }) : text.looking),
    trouble && note(trouble, 'warn'),
    trouble && plain('restart', text.tryAgain),
    element('p', { class: 'trust small' }, icon('lock'), element('span', {}, text.trust)));
}

export function sending({ text, phone, unsent }) {
  return view(
    dial(null),
    heading(text.sendingTitle),
    unsent ? note(text.reconnectingUnsent, 'warn') : lead(fill(text.sendingText, { phone })));
}

/** The service's own sentence comes first: it may be "do not enter your PIN". */
export function waiting({ text, message, phone, resumed, reconnecting, secondsLeft }) {
  return view(
    dial(secondsLeft),
    element('div', {}, heading(text.waitingTitle), phone && element('p', { class: 'small' }, fill(text.asked, { phone }))),
    lead(message ?? text.waitingText),
    reconnecting ? note(text.reconnecting, 'warn') : note(resumed ? text.resumedNote : text.waitingNote),
    plain('leave', text.leave));
}

export const left = ({ text }) => view(mark('info', 'back'), heading(text.leftTitle), lead(text.leftText), button('return', text.back));

/** Counts what the phone counts; where nobody knows that, it turns and names no number. */
function dial(secondsLeft) {
  const part = secondsLeft ? Math.min(1, secondsLeft / 60) : 0.25;
  const node = element('div', { class: `dial ${secondsLeft ? '' : 'turning'}`, 'aria-hidden': 'true' });
  node.innerHTML = `<svg viewBox="0 0 100 100" fill="none" stroke-width="7" stroke-linecap="round">
    <circle class="track" cx="50" cy="50" r="44"/>
    <circle class="left" cx="50" cy="50" r="44" stroke-dasharray="${DIAL_LENGTH}" stroke-dashoffset="${DIAL_LENGTH * (1 - part)}"/></svg>`;
  if (secondsLeft) node.append(element('span', { class: 'count' }, `${secondsLeft} s`));
  return node;
}

export function completed({ text, label, booking, amount, receipt, paidAt, phone, successUrl, copied }) {
  return view(
    mark('good', 'check'),
    heading(text.completedTitle),
    lead(text.completedText),
    element('dl', { class: 'receipt' },
      row(text.paidFor, label),
      row(text.booking, booking),
      row(text.amount, amount),
      row(text.receipt, receipt ?? text.receiptLater, receipt && 'code'),
      row(text.paidAt, paidAt),
      row(text.phone, phone)),
    element('div', { class: 'buttons two' },
      (navigator.share || navigator.clipboard) && plain('share', copied === 'share' ? text.copied : text.share),
      plain('print', text.print)),
    successUrl && element('a', { class: 'button', href: successUrl }, text.continue));
}

/** Paying by hand: only where the service names it, which is where no prompt can be open and no outcome is unknown. */
function byHand({ text, details, copied }) {
  const fact = (name, label, value, shown = value) =>
    row(label, shown, 'code', navigator.clipboard && button(`copy-${name}`, copied === name ? text.copied : text.copy, { class: 'copy', value, 'aria-label': `${text.copy}: ${label}` }));
  return element('section', { class: 'note by-hand' },
    element('h3', {}, text.byHand),
    element('dl', {},
      fact('number', details.channel === 'till' ? 'Till' : 'Paybill', details.number),
      fact('account', text.account, details.account_reference),
      fact('amount', text.amount, String(details.amount), kes(details.amount))),
    element('p', { class: 'small' }, text.byHandNote));
}

export function failed({ text, title, message, waitText, retry, canRetry, otherNumber, details, copied, ...more }) {
  return view(
    mark('bad', 'cross'),
    heading(title),
    lead(message),
    waitText && element('p', { class: 'note', id: 'retry-in' }, waitText),
    claimed(text, more),
    element('div', { class: 'buttons' },
      retry && button(retry, text.tryAgain, { disabled: !canRetry, 'aria-describedby': waitText ? 'retry-in' : null }),
      otherNumber && plain('other', text.otherNumber),
      more.canClaim && plain('claim', text.claim)),
    details && byHand({ text, details, copied }));
}

export const pending = ({ text, checking, ...more }) =>
  view(mark('warn', 'clock'), heading(text.pendingTitle), lead(text.pendingText), claimed(text, more),
    element('div', { class: 'buttons' },
      button('check', checking ? text.checking : text.checkAgain, { 'aria-disabled': checking ? 'true' : null }),
      more.canClaim && plain('claim', text.claim),
      plain('leave', text.leave)));

const claimed = (text, { isClaimed }) => isClaimed && element('p', { class: 'note claimed' }, text.claimSent);

/** "I have paid": the customer names the receipt; the service asks M-PESA about it. */
export function claim({ text, invalid, error, busy }) {
  const attributes = { autocomplete: 'off', autocapitalize: 'characters', spellcheck: 'false', maxlength: '16', class: 'code' };
  return element('form', { novalidate: true, name: 'claim', class: 'view' },
    heading(text.claimTitle),
    field('code', text.claimLabel, invalid ? text.claimInvalid : text.claimHint, invalid, attributes),
    error && note(error, 'warn'),
    element('div', { class: 'buttons' },
      element('button', { type: 'submit', 'aria-disabled': busy ? 'true' : null }, busy ? text.looking : text.claimSend),
      plain('return', text.back)));
}

export const review = ({ text, message }) => view(mark('warn', 'eye'), heading(text.reviewTitle), lead(message ?? text.reviewText));

export const refund_due = ({ text, message }) => view(mark('info', 'back'), heading(text.refundTitle), lead(message ?? text.refundText));

export const offline = ({ text, retry }) =>
  view(mark('warn', 'cloud'), heading(text.offlineTitle), lead(text.offlineText), button(retry, text.tryAgain));

export const signIn = ({ text }) =>
  view(mark('warn', 'lock'), heading(text.signInTitle), lead(text.signInText), button('check', text.checkAgain));

export const kes = (amount) => `KES ${amount.toLocaleString('en-KE')}`;
