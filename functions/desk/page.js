/** What every view of the desk uses: words, requests, and nodes that hold text, never markup. */
import { TEXTS } from '/desk/texts.js';

export const $ = (id) => document.getElementById(id);
export const state = {
  token: sessionStorage.getItem('token'),
  language: sessionStorage.getItem('language') || 'en',
  again: () => {},
  signedOut: () => {},
};

const inLanguage = (kind, code) => TEXTS[state.language][kind][code] ?? TEXTS.en[kind][code];

/** One sentence in the person's language, with facts in its {places}. */
export function t(key, facts = {}) {
  const text = TEXTS[state.language][key] ?? TEXTS.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? '');
}
export const has = (key) => key in TEXTS.en;
export const knows = (code) => code in TEXTS.en.words;
export const word = (code) => (code ? inLanguage('words', code) ?? code.replaceAll('_', ' ') : '');
export const actName = (name) => inLanguage('acts', name) ?? name;

const ZONE = { timeZone: 'Africa/Nairobi' };
const shown = (iso, style) => (iso ? new Date(iso).toLocaleString('en-GB', { ...ZONE, ...style }) : '');
export const kes = (amount) => (amount == null ? '' : `KES ${amount.toLocaleString('en-KE')}`);
export const clock = (iso) => shown(iso, { dateStyle: 'medium', timeStyle: 'medium' });
export const dateOf = (iso) => shown(iso, { dateStyle: 'medium' });
export const timeOf = (iso) => shown(iso, { timeStyle: 'medium' });
export const today = () => new Date().toLocaleDateString('sv-SE', ZONE);
/** A phone as people read it: 2547*****149 becomes 07** *** 149. */
export const phone = (masked) => (masked ? masked.replace(/^254(\d)\d* ?\*+ ?(\d{3})$/, '0$1** *** $2') : '');

export function make(tag, facts = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null && child !== ''));
  return node;
}

export const card = (title, ...children) => make('section', { class: 'card' }, title ? make('h2', {}, title) : null, ...children);
export const list = (title, items) => (items.length ? card(title, make('ul', { class: 'rows' }, ...items)) : null);
export const facts = (pairs) => make('dl', {}, ...pairs.filter(([, value]) => value)
  .flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)]));

const SECONDS_MAX = 35; // the API itself answers within 30
const SLOW_SECONDS = 3;
const BY_STATUS = { 0: 'down', 401: 'sign_in', 429: 'busy' };

/** What does not answer or is refused, and what to do: by the answer's code, else by its status. 0 is no answer. */
function sentence(status, { code, error }) {
  const kind = BY_STATUS[status] ?? (status >= 500 ? 'fault' : null);
  return inLanguage('refusals', status === 403 ? 'forbidden' : code) ?? (kind ? t(kind) : error || t('fault'));
}

/** Where an act got no clear answer, nobody knows whether it was done. */
const unsure = ({ code }) => t('unsure', { silent: has(`silent_${code}`) ? t(`silent_${code}`) : t('silent') });

/** Errors: Error with a sentence for people, `status` (0: no answer) and `code`. */
export async function call(path, body) {
  const headers = { 'Accept-Language': state.language };
  if (state.token) headers.Authorization = `Bearer ${state.token}`;
  if (body) headers['Content-Type'] = 'application/json';
  const patience = new AbortController();
  const waits = t('slow');
  const end = setTimeout(() => patience.abort(), SECONDS_MAX * 1000);
  const slow = setTimeout(() => state.keeps || tell(waits, { keeps: true }), SLOW_SECONDS * 1000);
  let response = null;
  let answer = null;
  try {
    response = await fetch(`/api/desk/${path}`, { method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body), signal: patience.signal });
    answer = await response.json();
  } catch {
    // No answer, or half of one.
  }
  clearTimeout(end);
  clearTimeout(slow);
  if ($('told').textContent === waits) hush();
  if (response?.ok && answer) return answer;
  const status = response && !response.ok ? response.status : 0;
  if (status === 401) state.signedOut();
  throw Object.assign(new Error(sentence(status, answer ?? {})), { status, code: answer?.code });
}

export function show(again, ...nodes) {
  state.again = again;
  state.shown = [again, state.place];
  state.turn = null;
  document.body.classList.toggle('in', state.token != null);
  for (const [id, view] of [['go-waiting', 'waiting'], ['go-day', 'day']]) {
    if (again.view === view) $(id).setAttribute('aria-current', 'page');
    else $(id).removeAttribute('aria-current');
  }
  $('main').replaceChildren(...nodes.filter(Boolean));
  // An answer that comes late must not take the search box from somebody who types.
  if (document.activeElement !== $('q')) $('main').focus({ preventScroll: true });
}

/**
 * Load and show; where something does not answer, say which and offer to try again. An answer that
 * comes after another view, or this one again, was asked for is dropped.
 */
export async function open(again, path, draw) {
  // A number that was revealed stays with its own payment.
  if (state.keeps && state.place !== path) hush();
  state.place = path;
  state.again = again;
  const turn = state.turn = {};
  try {
    const answer = await call(path);
    if (state.turn === turn) draw(answer);
  } catch (error) {
    if (error.status === 401 || state.turn !== turn) return;
    const text = error.status === undefined ? t('fault') : error.message;
    show(again, card(null, make('p', { role: 'alert' }, text), make('button', { onclick: again }, t('try_again'))));
  }
}

/** Tell something, also to who cannot see it; it goes by itself, or, where it is to be kept, with the view. */
export function tell(text, { keeps = false } = {}) {
  $('told').textContent = text;
  state.keeps = keeps;
  clearTimeout(state.hide);
  if (!keeps) state.hide = setTimeout(hush, 6000);
}

/** Nothing that was told stays. */
export function hush() {
  $('told').replaceChildren();
  state.keeps = false;
}

/* The one question before an act: what will be true afterwards, and why it is done. */
const FIELDS = {
  attach_booking: ['booking_id'], record_receipt: ['receipt_number', 'amount_kes'], refund_reversed: ['receipt_number'],
  review_complete: ['receipt_number', 'amount_kes'], review_refund_due: ['receipt_number', 'amount_kes'], set_aside: ['set_aside'],
};
/** Acts whose fields only fill in what no witness has named. */
const MAY_BE_EMPTY = new Set(['review_complete', 'review_refund_due', 'refund_reversed']);
const SET_ASIDE = ['handled_elsewhere', 'test', 'sweep', 'not_known_to_mpesa'];

function field(act, name) {
  const input = name === 'set_aside'
    ? make('select', { id: name }, ...SET_ASIDE.map((each) => make('option', { value: each }, word(`aside_${each}`))))
    : make('input', { id: name, required: MAY_BE_EMPTY.has(act) ? null : '', autocomplete: 'off', inputmode: name === 'amount_kes' ? 'numeric' : 'text' });
  return [make('label', { for: name }, t(`${name}_field`)), input];
}

/** An amount as people write it, "KES 1,500"; what is none goes as it is, and the server refuses it. */
const amountIn = (text) => Number(text.replace(/[\s,]|kes|ksh/gi, '')) || text;

function typed(act) {
  const filled = (FIELDS[act] ?? []).filter((name) => $(name).value);
  return Object.fromEntries(filled.map((name) => [name, name === 'amount_kes' ? amountIn($(name).value) : $(name).value]));
}

/** Show what an act will do, take the reason, and carry it out on what was shown. */
export function ask({ act, then, to, known = {}, path, facts, again }) {
  const dialog = $('act');
  const after = has(`after_${act}`) ? t(`after_${act}`, known) : then ? t('then', { then: word(then) }) : '';
  $('act-title').textContent = actName(act);
  $('act-then').textContent = [to, after].filter(Boolean).join(' · ');
  $('act-error').textContent = '';
  $('reason').value = '';
  $('act-fields').replaceChildren(...(FIELDS[act] ?? []).flatMap((name) => field(act, name)));
  dialog.returnValue = '';
  // It is about what is shown: a view that was asked for before does not come in behind it.
  // After that, and after a refusal or silence, what is behind the question is read again.
  let isOld = Boolean(state.turn);
  state.turn = null;
  [state.again, state.place] = state.shown;
  const question = state.question = {};
  // While the act is on its way, Back may lead elsewhere, even to another question.
  const { place } = state;
  const isOpen = () => state.question === question && dialog.open;
  dialog.onclose = () => isOld && again();
  dialog.querySelector('form').onsubmit = async (event) => {
    if (event.submitter?.value !== 'yes') return;
    event.preventDefault();
    $('act-yes').disabled = true;
    $('act-yes').textContent = t('doing');
    $('act-error').textContent = '';
    try {
      const answer = await call(path, { act: act === 'attach_booking' ? 'attach' : act, reason: $('reason').value, ...facts, ...typed(act) });
      const number = answer.phone_number;
      if (state.place !== place) return tell(`${actName(act)}: ${t('done')}`);
      isOld = false;
      if (isOpen()) dialog.close();
      tell(number ? t('number_is', { number }) : t('done'), { keeps: Boolean(number) });
      again();
    } catch (error) {
      isOld = error.status !== 401;
      const text = !error.status || error.status >= 500 ? unsure(error) : error.message;
      if (!isOld) dialog.close();
      else if (isOpen()) $('act-error').textContent = text;
      else {
        tell(`${actName(act)}: ${text}`, { keeps: true });
        if (state.place === place) again();
      }
    } finally {
      $('act-yes').disabled = false;
      $('act-yes').textContent = t('confirm');
    }
  };
  dialog.showModal();
  (dialog.querySelector('#act-fields input, #act-fields select') ?? $('reason')).focus();
}
