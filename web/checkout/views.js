/** The views of <mpesa-checkout>: from a state to elements. They decide nothing and keep nothing. */
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

/** An element; `on*` attributes are listeners, null and false attributes are left out. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.flat().filter(Boolean)); // a part that is not there is null, false or empty
  return node;
}

function icon(name) {
  const span = element('span', { 'aria-hidden': 'true' });
  span.innerHTML = `<svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="2"
    stroke-linecap="round" stroke-linejoin="round" width="20" height="20">${ICONS[name]}</svg>`;
  return span;
}

const heading = (text) => element('h2', { tabindex: '-1' }, text);
const mark = (kind, name) => element('div', { class: `mark ${kind}`, 'aria-hidden': 'true' }, icon(name));
const note = (text, kind = '') => element('p', { class: `note ${kind}` }, text);
const button = (text, press, attributes = {}) => element('button', { type: 'button', onclick: press, ...attributes }, text);

/** What is paid for and how much; every view has it on top. */
export function bill({ text, label, amount }) {
  if (!label && !amount) return null;
  return element('div', { class: 'bill' },
    element('div', { class: 'what' }, label ?? ''),
    amount && element('div', { class: 'sum' }, element('span', { class: 'small' }, text.toPay), element('strong', {}, amount)));
}

export function formView({ text, amount, phone, invalid, busy, pay }) {
  return element('form', { novalidate: true, onsubmit: pay },
    element('div', {},
      element('label', { for: 'phone' }, text.phoneLabel),
      element('input', {
        id: 'phone', name: 'phone', type: 'tel', inputmode: 'tel', autocomplete: 'tel', required: true,
        maxlength: '20', value: phone, placeholder: '0712 345 678',
        'aria-invalid': invalid ? 'true' : null, 'aria-describedby': 'phone-hint',
      }),
      element('p', { id: 'phone-hint', class: `hint small ${invalid ? 'error' : ''}` }, invalid ? text.phoneInvalid : text.phoneHint)),
    element('button', { type: 'submit', disabled: busy }, busy ? text.looking : fill(text.pay, { amount })),
    element('p', { class: 'trust small' }, icon('lock'), element('span', {}, text.trust)));
}

export function sendingView({ text, phone, unsent }) {
  return view(
    dial(text, null),
    heading(text.sendingTitle),
    unsent ? note(text.reconnectingUnsent, 'warn') : element('p', { class: 'lead' }, fill(text.sendingText, { phone })));
}

/** The service's own sentence comes first: it may be "do not enter your PIN". */
export function waitingView({ text, message, manual, phone, resumed, reconnecting, secondsLeft, secondsInAll }) {
  return view(
    dial(text, secondsLeft, secondsInAll),
    element('div', {}, heading(text.waitingTitle), phone && element('p', { class: 'small phone' }, phone)),
    element('p', { class: 'lead' }, message),
    reconnecting && note(text.reconnecting, 'warn'),
    manual && note(manual),
    !reconnecting && !manual && note(resumed ? text.resumedNote : text.waitingNote));
}

/** Moves the dial without building it again, so that nothing is announced or loses focus. */
export function moveDial(root, secondsLeft, secondsInAll) {
  const ring = root.querySelector('.dial .left');
  const count = root.querySelector('.dial .count');
  if (!ring || !count) return;
  ring.setAttribute('stroke-dashoffset', String(DIAL_LENGTH * (1 - secondsLeft / secondsInAll)));
  count.textContent = `${secondsLeft} s`;
}

function dial(text, secondsLeft, secondsInAll = 1) {
  const turning = secondsLeft === null;
  const offset = DIAL_LENGTH * (turning ? 0.75 : 1 - secondsLeft / secondsInAll);
  const node = element('div', { class: `dial ${turning ? 'turning' : ''}`, 'aria-hidden': 'true', title: turning ? null : text.secondsLeft });
  node.innerHTML = `<svg viewBox="0 0 100 100" fill="none" stroke-width="7" stroke-linecap="round">
    <circle class="track" cx="50" cy="50" r="44"/>
    <circle class="left" cx="50" cy="50" r="44"
      stroke-dasharray="${DIAL_LENGTH}" stroke-dashoffset="${offset}"/></svg>`;
  if (!turning) node.append(element('span', { class: 'count' }, `${secondsLeft} s`));
  return node;
}

export function completedView({ text, label, amount, receipt, paidAt, successUrl }) {
  const row = (name, value, kind) => value && element('div', {}, element('dt', {}, name), element('dd', { class: kind ?? null }, value));
  return view(
    mark('good', 'check'),
    heading(text.completedTitle),
    element('p', { class: 'lead' }, text.completedText),
    element('dl', {},
      row(text.amount, amount),
      row(text.paidFor, label),
      receipt ? row(text.receipt, receipt, 'receipt') : row(text.receipt, text.receiptLater),
      row(text.paidAt, paidAt)),
    successUrl && element('a', { class: 'button', href: successUrl }, text.continue));
}

export function failedView({ text, title, message, manual, waitText, canRetry, retry, otherNumber }) {
  return view(
    mark('bad', 'cross'),
    heading(title ?? text.failedTitle),
    element('p', { class: 'lead' }, message),
    waitText && element('p', { class: 'note', id: 'retry-in' }, waitText),
    manual && note(manual),
    element('div', { class: 'buttons' },
      button(text.tryAgain, retry, { disabled: !canRetry, 'aria-describedby': waitText ? 'retry-in' : null }),
      otherNumber && button(text.otherNumber, otherNumber, { class: 'plain' })));
}

export function pendingView({ text, message, manual, checking, check }) {
  return view(
    mark('warn', 'clock'),
    heading(text.pendingTitle),
    element('p', { class: 'lead' }, message),
    manual && note(manual),
    button(checking ? text.checking : text.checkAgain, check, { 'aria-disabled': checking ? 'true' : null }));
}

export const reviewView = ({ text, message }) =>
  view(mark('warn', 'eye'), heading(text.reviewTitle), element('p', { class: 'lead' }, message));

export const refundView = ({ text, message }) =>
  view(mark('info', 'back'), heading(text.refundTitle), element('p', { class: 'lead' }, message));

export const offlineView = ({ text, retry }) =>
  view(mark('warn', 'cloud'), heading(text.offlineTitle), element('p', { class: 'lead' }, text.offlineText), button(text.tryAgain, retry));

const view = (...children) => element('div', { class: 'view' }, ...children);
