/** The desk. Everything it shows is text, never markup; nothing it keeps outlives the tab. */
import { TEXTS } from '/desk/texts.js';

const $ = (id) => document.getElementById(id);
const state = { token: sessionStorage.getItem('token'), language: sessionStorage.getItem('language') || 'en', again: () => waiting() };

function t(key, facts = {}) {
  const text = TEXTS[state.language][key] ?? TEXTS.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? '');
}
const word = (code) => (code ? TEXTS[state.language].words[code] ?? TEXTS.en.words[code] ?? code.replaceAll('_', ' ') : '');
const actName = (name) => TEXTS[state.language].acts[name] ?? TEXTS.en.acts[name] ?? name;
const kes = (amount) => (amount == null ? '' : `KES ${amount.toLocaleString('en-KE')}`);
const clock = (iso) => (iso ? new Date(iso).toLocaleString('en-GB', { timeZone: 'Africa/Nairobi', dateStyle: 'medium', timeStyle: 'medium' }) : '');

function make(tag, facts = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (name === 'onclick') node.addEventListener('click', value);
    else if (value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null && child !== ''));
  return node;
}

async function call(path, body) {
  const headers = { 'Accept-Language': state.language };
  if (state.token) headers.Authorization = `Bearer ${state.token}`;
  if (body) headers['Content-Type'] = 'application/json';
  const response = await fetch(`/api/desk/${path}`, { method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body) });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  if (response.status === 401) signedOut();
  throw Object.assign(new Error(answer.code === 'changed_meanwhile' ? t('changed_meanwhile') : answer.error || t('down')), { status: response.status });
}

function show(again, ...nodes) {
  state.again = again;
  document.body.classList.toggle('in', state.token != null);
  for (const [id, view] of [['go-waiting', 'waiting'], ['go-day', 'day']]) {
    if (again.view === view) $(id).setAttribute('aria-current', 'page');
    else $(id).removeAttribute('aria-current');
  }
  $('main').replaceChildren(...nodes);
  // An answer that comes late must not take the search box from somebody who types.
  if (document.activeElement !== $('q')) $('main').focus({ preventScroll: true });
}

/** Load and show; where the system does not answer, say so and offer to try again. */
async function open(again, path, draw) {
  state.again = again;
  try {
    draw(await call(path));
  } catch (error) {
    if (error.status === 401) return;
    const text = error.status ? error.message : t('down');
    show(again, make('section', { class: 'card' }, make('p', { role: 'alert' }, text), make('button', { onclick: again }, t('try_again'))));
  }
}

/** Why a person is needed, where the status does not say it already. */
const whyLine = (tag, payment) => (payment.why && word(payment.why) !== word(payment.status) ? make(tag, { class: 'why' }, word(payment.why)) : null);

function paymentLine(payment) {
  const why = whyLine('div', payment);
  return make('li', {}, make('button', { type: 'button', onclick: () => story(payment.payment_id) },
    make('div', { class: 'top' }, make('span', {}, `${kes(payment.paid_amount_kes ?? payment.amount_kes)} · ${t('booking')} ${payment.booking_id}`), make('span', { class: payment.why ? 'badge warn' : 'badge' }, word(payment.status))),
    why, make('div', { class: 'muted' }, [payment.phone, payment.receipt_number, clock(payment.created_at)].filter(Boolean).join(' · '))));
}

function receiptLine(row) {
  return make('li', {}, make('button', { type: 'button', onclick: () => receipt(row.receipt_number) },
    make('div', { class: 'top' }, make('span', {}, `${row.amount_kes == null ? row.amount_text ?? '?' : kes(row.amount_kes)} · ${row.receipt_number}`), make('span', { class: 'badge warn' }, word(row.state))),
    make('div', { class: 'muted' }, [row.typed_account, row.payer, clock(row.paid_at)].filter(Boolean).join(' · '))));
}

/** Who did it, in words: a member of staff, the operator, or a part of the system. */
function person(by) {
  const [family, ...rest] = (by || '').split(':');
  const name = rest.join(':').split('/').pop();
  return ['staff', 'operator'].includes(family) ? name : word(`by_${family}`) === `by ${family}` ? t('by_system') : word(`by_${family}`);
}

/** A reason as a sentence: a known code in words; the system's own notes are left out. */
const because = (moment) => (moment.reason && (/^(staff|operator):/.test(moment.by) || TEXTS.en.words[moment.reason]) ? word(moment.reason) : '');

const list = (title, items) => (items.length ? make('section', { class: 'card' }, make('h2', {}, title), make('ul', { class: 'rows' }, ...items)) : null);
const facts = (pairs) => make('dl', {}, ...pairs.filter(([, value]) => value).flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)]));

function waiting() {
  return open(waiting, 'waiting', (found) => {
    const parts = [list(t('payments'), found.payments.map(paymentLine)), list(t('money'), found.receipts.map(receiptLine))].filter(Boolean);
    show(waiting, ...(parts.length ? parts : [make('section', { class: 'card' }, make('h2', {}, t('waiting')), make('p', {}, t('nothing_waits')))]));
  });
}

waiting.view = 'waiting';

function search(text) {
  const again = () => search(text);
  return open(again, `search?q=${encodeURIComponent(text)}`, (found) => {
    if (found.payments.length === 1) return story(found.payments[0].payment_id);
    if (found.receipt && !found.payments.length) return receipt(found.receipt.receipt_number);
    if (found.payments.length) return show(again, list(t('payments'), found.payments.map(paymentLine)));
    return show(again, make('section', { class: 'card' }, make('h2', {}, t('nothing_found', { text })), make('p', {}, t('nothing_found_how'))));
  });
}

function story(id) {
  const again = () => story(id);
  return open(again, `payments/${id}`, (payment) => drawStory(again, payment));
}

function drawStory(again, payment) {
  const moments = [{ at: payment.created_at, type: 'PaymentAsked', by: 'customer', note: kes(payment.amount_kes) }, ...payment.timeline];
  const told = moments.map((moment) => make('li', {}, make('time', { datetime: moment.at, class: 'muted' }, clock(moment.at)),
    make('div', {}, make('strong', {}, word(moment.type)), [moment.note, moment.receipt_number, word(moment.attention), because(moment)].filter(Boolean).map((part) => ` · ${part}`).join('')),
    make('div', { class: 'muted' }, t('by', { by: person(moment.by) }))));
  const refund = payment.refund?.step ? [t(`refund_step_${payment.refund.step}`), payment.refund.asked_by && t('by', { by: person(payment.refund.asked_by) }), payment.refund.why].filter(Boolean).join(' · ') : '';
  const acts = payment.acts.map(({ act, then }, index) => make('button', { type: 'button', class: index === 0 && payment.why ? 'main' : null, onclick: () => ask({ act, then, path: `payments/${payment.payment_id}/acts`, facts: { version: payment.version }, again }) }, actName(act)));
  const asksTwo = payment.refund?.step === 'requested' && !payment.acts.some(({ act }) => act === 'approve_refund');
  show(again,
    make('section', { class: 'card' },
      make('h2', {}, `${kes(payment.paid_amount_kes ?? payment.amount_kes)} `, make('span', { class: payment.why ? 'badge warn' : 'badge' }, word(payment.status))),
      whyLine('p', payment),
      facts([[t('booking'), `${payment.booking_id}${payment.booking ? ` · ${word(payment.booking.status)} · ${word(`pays_${payment.booking.payment_status}`)}` : ''}`], [t('refund'), refund], [t('phone'), payment.phone], [t('receipt'), payment.receipt_number],
        [t('paid'), clock(payment.paid_at)], [t('asked'), `${kes(payment.amount_kes)}, ${clock(payment.created_at)}`], [t('reference'), payment.account_reference], [t('customer_reads'), payment.customer_reads.message]]),
      make('h3', {}, t('can_do')), acts.length ? make('div', { class: 'acts' }, ...acts) : make('p', {}, t('nothing_to_do')), asksTwo ? make('p', { class: 'muted' }, t('two_people')) : null),
    make('section', { class: 'card' }, make('h2', {}, t('what_happened')), make('ol', { class: 'story' }, ...told),
      ...(payment.webhooks.length ? [make('h3', {}, t('webhooks')), make('ol', { class: 'story' }, ...payment.webhooks.map((each) => make('li', {}, `${word(each.type)}: ${each.delivered_at ? clock(each.delivered_at) : each.last_answer}`, make('span', { class: 'muted' }, ` ${t('tries', { count: each.tries })}`))))] : [])));
}

function receipt(number) {
  const again = () => receipt(number);
  return open(again, `receipts/${number}`, (row) => {
    if (row.payment_id) return story(row.payment_id);
    const path = `receipts/${number}/acts`;
    const amount = { shown_amount_kes: row.amount_kes };
    const offers = row.proposals.map((proposal) => {
      const target = proposal.payment ? { payment_id: proposal.payment.payment_id, version: proposal.payment.version } : { booking_id: proposal.booking_id };
      const name = proposal.payment ? `${t('booking')} ${proposal.payment.booking_id}, ${proposal.payment.phone ?? ''}` : `${t('booking')} ${proposal.booking_id}`;
      return make('li', {}, make('button', { type: 'button', onclick: () => ask({ act: 'attach', to: name, path, facts: { ...amount, ...target }, again }) }, make('div', { class: 'top' }, make('span', {}, name), make('span', { class: 'go' }, t('attach_here'))), make('div', { class: 'muted' }, word(proposal.why))));
    });
    const acts = row.state === 'set_aside' ? [['reopen', {}]] : [['attach_booking', amount], ['owe_back', amount], ['set_aside', { set_aside: 'handled_elsewhere' }]];
    return show(again, make('section', { class: 'card' }, make('h2', {}, `${row.amount_kes == null ? row.amount_text ?? '?' : kes(row.amount_kes)} · ${row.receipt_number} `, make('span', { class: 'badge warn' }, word(row.state))),
      facts([[t('paid'), clock(row.paid_at)], [t('typed_account'), row.typed_account], [t('payer'), row.payer]]),
      make('h3', {}, t('suggestions')), offers.length ? make('ul', { class: 'rows' }, ...offers) : make('p', {}, t('no_suggestion')),
      make('div', { class: 'acts' }, ...acts.map(([act, more]) => make('button', { type: 'button', onclick: () => ask({ act, then: '', path, facts: more, again }) }, actName(act))))));
  });
}

function day(date = new Date().toLocaleDateString('sv-SE', { timeZone: 'Africa/Nairobi' })) {
  const again = Object.assign(() => day(date), { view: 'day' });
  return open(again, `days?from=${date}`, (found) => {
    const tallies = Object.entries(found.days[date] ?? {}).filter(([name, tally]) => name !== 'received' && tally.count);
    const rows = tallies.map(([status, tally]) => make('tr', {}, make('th', { scope: 'row' }, word(`day_${status}`)), make('td', {}, String(tally.count)), make('td', {}, kes(tally.amount_kes))));
    const came = found.days[date]?.received ?? { count: 0, amount_kes: 0 };
    const pick = make('input', { type: 'date', value: date, 'aria-label': t('day') });
    pick.addEventListener('change', () => pick.value && day(pick.value));
    const head = make('tr', {}, ...['status', 'count', 'amount'].map((name) => make('th', { scope: 'col' }, t(name))));
    show(again, make('section', { class: 'card' }, make('h2', {}, t('from_to', { day: new Date(`${date}T12:00:00+03:00`).toLocaleDateString('en-GB', { dateStyle: 'medium' }) })), pick, make('p', { class: 'came' }, make('strong', {}, kes(came.amount_kes)), ` ${t('came_in', came)}`),
      make('div', { class: 'scroll' }, make('table', {}, make('thead', {}, head), make('tbody', {}, ...rows)))));
  });
}

const TYPES = { attach_booking: ['booking_id'], record_receipt: ['receipt_number', 'amount_kes'], refund_reversed: ['receipt_number'], review_complete: ['receipt_number', 'amount_kes'], review_refund_due: ['receipt_number', 'amount_kes'] };
/** Acts whose fields only fill in what no witness has named. */
const MAY_BE_EMPTY = new Set(['review_complete', 'review_refund_due', 'refund_reversed']);

/** Show what an act will do, take the reason, carry it out on what was shown. */
function ask({ act, then, to, path, facts: more, again }) {
  const dialog = $('act');
  $('act-title').textContent = actName(act);
  $('act-then').textContent = to ?? (then ? t('then', { then: word(then) }) : '');
  $('act-error').textContent = '';
  $('reason').value = '';
  const fields = (TYPES[act] ?? []).map((name) => [make('label', { for: name }, t(`${name}_field`)), make('input', { id: name, required: MAY_BE_EMPTY.has(act) ? null : '', autocomplete: 'off', inputmode: name === 'amount_kes' ? 'numeric' : 'text' })]);
  $('act-fields').replaceChildren(...fields.flat());
  dialog.returnValue = '';
  dialog.querySelector('form').onsubmit = async (event) => {
    if (event.submitter?.value !== 'yes') return;
    event.preventDefault();
    $('act-yes').disabled = true;
    const typed = Object.fromEntries((TYPES[act] ?? []).filter((name) => $(name).value).map((name) => [name, name === 'amount_kes' ? Number($(name).value) : $(name).value]));
    try {
      const answer = await call(path, { act: act === 'attach_booking' ? 'attach' : act, reason: $('reason').value, ...more, ...typed });
      dialog.close();
      $('told').textContent = answer.phone_number ? t('number_is', { number: answer.phone_number }) : t('done');
      clearTimeout(state.hide);
      if (!answer.phone_number) state.hide = setTimeout(() => $('told').replaceChildren(), 6000);
      await again();
    } catch (error) {
      $('act-error').textContent = error.status ? error.message : t('down');
    } finally {
      $('act-yes').disabled = false;
    }
  };
  dialog.showModal();
  (dialog.querySelector('#act-fields input') ?? $('reason')).focus();
}

function signedOut(key = 'sign_in') {
  state.token = null;
  sessionStorage.removeItem('token');
  sayWho();
  show(start, make('section', { class: 'card' }, make('p', { role: 'alert' }, t(key))));
}

const sayWho = () => { $('who').textContent = state.me && state.token ? t('signed_in', { name: state.me.name, role: word(state.me.role) }) : ''; };

function speak() {
  sayWho();
  document.documentElement.lang = state.language;
  for (const node of document.querySelectorAll('[data-text]')) node.textContent = t(node.dataset.text);
  const other = state.language === 'en' ? ['sw', 'Kiswahili'] : ['en', 'English'];
  [$('language').lang, $('language').textContent] = other;
}

/** The address may hold a link's code and, after a slash, the payment to open: /desk#<code>/<payment_id>. */
async function start() {
  const [code, payment] = location.hash.slice(1).split('/');
  if (code) {
    history.replaceState(null, '', '/desk');
    try {
      state.token = (await call('sessions', { code })).token;
      sessionStorage.setItem('token', state.token);
    } catch (error) {
      return signedOut(error.status ? 'link_spent' : 'down');
    }
  }
  if (!state.token) return signedOut();
  try {
    const me = await call('me');
    state.me = me;
    sayWho();
  } catch (error) {
    if (error.status === 401) return undefined;
  }
  return payment ? story(payment) : waiting();
}

$('search').addEventListener('submit', (event) => {
  event.preventDefault();
  $('main').focus({ preventScroll: true });
  if ($('q').value.trim()) search($('q').value.trim());
});
$('go-waiting').addEventListener('click', waiting);
$('go-day').addEventListener('click', () => day());
$('language').addEventListener('click', () => {
  state.language = state.language === 'en' ? 'sw' : 'en';
  sessionStorage.setItem('language', state.language);
  speak();
  state.again();
});
document.addEventListener('keydown', (event) => {
  const isTyping = event.target instanceof HTMLInputElement;
  if (event.key === '/' && !isTyping) {
    event.preventDefault();
    $('q').focus();
  }
  const rows = [...document.querySelectorAll('.rows button')];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && rows.length && !$('act').open && (!isTyping || event.target === $('q'))) {
    event.preventDefault();
    const at = rows.indexOf(document.activeElement);
    const next = at < 0 && step < 0 ? rows.length - 1 : (at + step + rows.length) % rows.length;
    rows[next].focus();
  }
});
speak();
start();
