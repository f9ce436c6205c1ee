/** From a state to elements. Views decide nothing. */
import { fill } from './texts.js';

const ICONS = {
  good: 'M4.5 10.5l3.8 3.8 7.2-8',
  bad: 'M5.5 5.5l9 9m0-9l-9 9',
  warn: 'M10 5v5.2l3.2 2M10 2.6a7.4 7.4 0 1 0 0 14.8 7.4 7.4 0 0 0 0-14.8z',
  info: 'M7.5 5L3.5 9l4 4M4 9h8.2a4 4 0 0 1 0 8H9',
};
const DIAL_LENGTH = 2 * Math.PI * 44;

export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.flat().filter(Boolean));
  return node;
}

/** Focus, typed text and a press under way stay. */
export function morph(old, next) {
  if (old.isEqualNode(next)) return;
  const isAnother = !old.attributes || old.localName !== next.localName || old.id !== next.id || old.name !== next.name;
  if (isAnother) return old.replaceWith(next);
  for (const { name } of [...old.attributes]) if (!next.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of next.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const before = [...old.childNodes];
  const after = [...next.childNodes];
  after.forEach((child, index) => (before[index] ? morph(before[index], child) : old.append(child)));
  for (const rest of before.slice(after.length)) rest.remove();
}

function mark(kind) {
  const node = element('div', { class: `mark ${kind}`, 'aria-hidden': 'true' });
  node.innerHTML = `<svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="2"
    stroke-linecap="round"><path d="${ICONS[kind]}"/></svg>`;
  return node;
}

const view = (...children) => element('div', { class: 'view' }, ...children);
const heading = (text) => element('h2', { tabindex: '-1' }, text);
const lead = (text) => element('p', { class: 'lead' }, text);
const note = (text, kind = '') => element('p', { class: `note ${kind}` }, text);
const button = (name, text, attributes = {}) => element('button', { type: 'button', name, ...attributes }, text);
const plain = (name, text) => button(name, text, { class: 'plain' });
const row = (name, value, kind, more) => value && element('div', {}, element('dt', {}, name), element('dd', { class: kind }, value, more));

export function bill({ text, label, amount }) {
  if (!label && !amount) return null;
  return element('div', { class: 'bill' },
    element('div', { class: 'what' }, label ?? ''),
    amount && element('div', { class: 'sum' }, element('span', { class: 'small' }, text.toPay), element('strong', {}, amount)));
}

function field(id, label, hint, invalid, attributes) {
  const all = { id, name: id, required: true, 'aria-invalid': invalid && 'true', 'aria-describedby': 'hint', ...attributes };
  return element('div', {},
    element('label', { for: id }, label),
    element('input', all),
    element('p', { id: 'hint', class: `hint small ${invalid ? 'error' : ''}` }, hint));
}

export function form({ text, amount, invalid, trouble }) {
  const attributes = { type: 'tel', inputmode: 'tel', autocomplete: 'tel', maxlength: '20', placeholder: '0712 345 678' };
  return element('form', { novalidate: true, name: 'pay' },
    field('phone', text.phoneLabel, invalid ? text.phoneInvalid : text.phoneHint, invalid, attributes),
    element('button', { type: 'submit', disabled: !amount }, amount ? fill(text.pay, { amount }) : text.looking),
    trouble && note(trouble, 'warn'),
    trouble && plain('restart', text.tryAgain),
    element('p', { class: 'small' }, text.trust));
}

export function sending({ text, phone, unsent }) {
  return view(
    dial(null),
    heading(text.sendingTitle),
    unsent ? note(text.reconnectingUnsent, 'warn') : lead(fill(text.sendingText, { phone })));
}

export function waiting({ text, message, phone, resumed, reconnecting, secondsLeft }) {
  return view(
    dial(secondsLeft),
    element('div', {}, heading(text.waitingTitle), phone && element('p', { class: 'small' }, fill(text.asked, { phone }))),
    lead(message ?? text.waitingText),
    reconnecting ? note(text.reconnecting, 'warn') : note(resumed ? text.resumedNote : text.waitingNote),
    plain('leave', text.leave));
}

export const left = ({ text }) => view(mark('info'), heading(text.leftTitle), lead(text.leftText), button('return', text.back));

/** Without the service's number it names none. */
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
    mark('good'),
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

/** The service names these facts only where no prompt can be open. */
function byHand({ text, details, copied }) {
  const copy = (name, label, value) =>
    button(name, copied === name ? text.copied : text.copy, { class: 'plain copy', value, 'aria-label': `${text.copy}: ${label}` });
  const fact = (name, label, value, shown = value) =>
    value && row(label, element('span', { class: 'code' }, shown), null, navigator.clipboard && copy(name, label, value));
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
    mark('bad'),
    heading(title),
    lead(message),
    waitText && element('p', { class: 'note', id: 'retry-in' }, waitText),
    element('div', { class: 'buttons' },
      retry && button(retry, text.tryAgain, { disabled: !canRetry, 'aria-describedby': waitText && 'retry-in' }),
      otherNumber && plain('other', text.otherNumber),
      more.canClaim && plain('claim', text.claim)),
    details && byHand({ text, details, copied }));
}

export const pending = ({ text, checking, ...more }) =>
  view(mark('warn'), heading(text.pendingTitle), more.isClaimed ? note(text.claimSent, 'claimed') : lead(text.pendingText),
    element('div', { class: 'buttons' },
      button('check', checking ? text.looking : text.checkAgain, { 'aria-disabled': checking && 'true' }),
      more.canClaim && plain('claim', text.claim),
      !more.isClaimed && plain('leave', text.leave)));

export function claim({ text, invalid, error, busy }) {
  const attributes = { autocomplete: 'off', autocapitalize: 'characters', spellcheck: 'false', maxlength: '16', class: 'code' };
  return element('form', { novalidate: true, name: 'claim', class: 'view' },
    heading(text.claimTitle),
    field('code', text.claimLabel, text.claimHint, invalid, attributes),
    error && note(error, 'warn'),
    element('div', { class: 'buttons' },
      element('button', { type: 'submit', 'aria-disabled': busy && 'true' }, busy ? text.looking : text.claimSend),
      plain('return', text.back)));
}

export const review = ({ text, message }) => view(mark('warn'), heading(text.reviewTitle), lead(message));

const refundTitleOf = ({ detail, refund }) =>
  detail === 'refunded' ? 'refundedTitle' : refund?.state === 'sent' ? 'refundSentTitle' : 'refundTitle';

export const refund_due = ({ text, message, outcome }) =>
  view(mark('info'), heading(text[refundTitleOf(outcome.payment)]), lead(message));

export const offline = ({ text, retry }) =>
  view(mark('warn'), heading(text.offlineTitle), lead(text.offlineText), button(retry, text.tryAgain));

export const signIn = ({ text }) =>
  view(mark('warn'), heading(text.signInTitle), lead(text.signInText), button('check', text.checkAgain));

export const kes = (amount) => `KES ${amount.toLocaleString('en-KE')}`;
