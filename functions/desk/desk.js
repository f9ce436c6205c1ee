/** The desk: sign-in, what waits, the search, money without a payment, and the keyboard. */
import { $, actName, ask, call, card, clock, facts, hush, kes, list, make, open, phone, show, state, t, tell, today, word } from '/desk/page.js';
import { badge, paymentLine, story } from '/desk/story.js';

const hasAccounts = document.querySelector('meta[name=staff-account]').content !== '';
const isReturning = () => hasAccounts && new URLSearchParams(location.search).has('state');
/* Loaded when they are needed: the first view is smaller without them. */
const day = (...days) => import('/desk/day.js').then((view) => view.day(...days)).catch(() => tell(t('down')));
const account = () => import('/desk/account.js');

const amountOf = (row) => (row.amount_kes == null ? row.amount_text ?? '?' : kes(row.amount_kes));

function receiptLine(row) {
  return make('li', {}, make('button', { type: 'button', onclick: () => receipt(row.receipt_number) },
    make('div', { class: 'top' }, make('span', {}, `${amountOf(row)} · ${row.receipt_number}`), badge(row.state, true)),
    make('div', { class: 'muted' }, [row.typed_account && `${t('typed_account')} ${row.typed_account}`, phone(row.payer), clock(row.paid_at)].filter(Boolean).join(' · ')),
    make('div', { class: 'go' }, t('next', { act: t('find_owner') }))));
}

/** Tells that a list leaves some out. */
const cutLine = (found, count) => (found.may_have_more ? make('p', { class: 'muted' }, t('cut', { count })) : null);

function waiting() {
  return open(waiting, 'waiting', (found) => {
    const cut = cutLine(found, found.payments.length + found.receipts.length);
    const parts = [cut, list(t('payments'), found.payments.map(paymentLine)), list(t('money'), found.receipts.map(receiptLine))].filter(Boolean);
    show(waiting, ...(parts.length ? parts : [card(t('waiting'), make('p', { class: 'good' }, t('nothing_waits')))]));
  });
}
waiting.view = 'waiting';

function search(text, date) {
  const again = () => search(text, date);
  return open(again, `search?q=${encodeURIComponent(text)}${date ? `&day=${date}` : ''}`, (found) => {
    if (found.payments.length === 1 && !date && !found.may_ask) return story(found.payments[0].payment_id);
    if (found.receipt && !found.payments.length) return receipt(found.receipt.receipt_number);
    const lookOn = onADay(text, date);
    const number = text.trim().toUpperCase();
    const askMpesa = found.may_ask ? make('div', { class: 'acts' }, askButton(number, () => receipt(number))) : null;
    if (found.payments.length) return show(again, cutLine(found, found.payments.length), list(t('payments'), found.payments.map(paymentLine)), askMpesa, lookOn);
    const nothing = date ? t('nothing_on_day', { text, day: date }) : t('nothing_found', { text });
    return show(again, card(nothing, make('p', {}, t('nothing_found_how')), askMpesa), lookOn);
  });
}

/** A phone shows its last ten payments; what is older is looked for on its day. */
function onADay(text, date) {
  const pick = make('input', { type: 'date', id: 'on-day', value: date ?? null, max: today() });
  const look = () => pick.value && search(text, pick.value);
  return card(t('older'), make('p', { class: 'muted' }, t('older_how')),
    make('div', { class: 'pick' }, make('label', { for: 'on-day' }, t('date')), pick, make('button', { type: 'button', onclick: look }, t('look'))));
}

const askButton = (number, again) => make('button', {
  type: 'button', onclick: () => ask({ act: 'ask_receipt', path: `receipts/${number}/acts`, facts: {}, again }),
}, actName('ask_receipt'));

/** What M-PESA was asked about a receipt, and its answer once it came. */
function askedLine({ asked }, again) {
  if (!asked) return null;
  if (asked.answer) return make('p', {}, t('mpesa_says', { answer: asked.answer, time: clock(asked.asked_at) }));
  return make('p', {}, t('mpesa_asked', { time: clock(asked.asked_at) }), ' ', make('button', { type: 'button', onclick: again }, t('look_again')));
}

function receipt(number) {
  const again = () => receipt(number);
  return open(again, `receipts/${number}`, (row) => {
    if (row.payment_id) return story(row.payment_id);
    const path = `receipts/${number}/acts`;
    const known = { amount: amountOf(row) };
    const amount = { shown_amount_kes: row.amount_kes };
    const isWhole = row.amount_kes != null; // only whole shillings are booked
    const booked = isWhole ? [['attach_booking', amount], ['owe_back', amount]] : [];
    const acts = row.state === 'set_aside' ? [['reopen', {}]] : [...booked, ['set_aside', {}]];
    const askMpesa = row.may_ask ? askButton(number, again) : null;
    if (row.state === 'unknown') {
      return show(again, make('section', { class: 'card head' }, make('h2', {}, number),
        make('p', { class: 'why' }, t('receipt_unknown')), askedLine(row, again), make('div', { class: 'acts' }, askMpesa)));
    }
    return show(again, make('section', { class: 'card head' },
      make('h2', {}, make('span', { class: 'sum' }, amountOf(row)), badge(row.state, true)),
      make('p', { class: 'why' }, row.state === 'set_aside' ? word(`aside_${row.set_aside}`) : t('money_why')),
      facts([[t('receipt'), row.receipt_number], [t('paid'), clock(row.paid_at)], [t('typed_account'), row.typed_account], [t('payer'), phone(row.payer)]]),
      askedLine(row, again)),
    card(t('suggestions'), isWhole ? offers(row, path, again) : make('p', {}, t('no_whole_amount'))),
    card(t('can_do'), make('div', { class: 'acts' }, ...acts.map(([act, more]) => make('button', {
      type: 'button', onclick: () => ask({ act, known, path, facts: more, again }),
    }, actName(act))), askMpesa)));
  });
}

function offers(row, path, again) {
  if (!row.proposals.length) return make('p', {}, t('no_suggestion'));
  return make('ul', { class: 'rows' }, ...row.proposals.map((proposal) => {
    const { payment } = proposal;
    const target = payment ? { payment_id: payment.payment_id, version: payment.version } : { booking_id: proposal.booking_id };
    const to = `${t('booking')} ${payment ? payment.booking_id : proposal.booking_id}`;
    const onclick = () => ask({ act: 'attach', to, path, facts: { shown_amount_kes: row.amount_kes, ...target }, again });
    return make('li', {}, make('button', { type: 'button', onclick },
      make('div', { class: 'top' }, make('span', {}, to), make('span', { class: 'go' }, t('attach_here'))),
      make('div', { class: 'muted' }, word(proposal.why))));
  }));
}

state.signedOut = (text = t('sign_in')) => {
  state.token = state.me = null;
  sessionStorage.removeItem('token');
  hush();
  sayWho();
  show(start, card(t('sign_in_title'), make('p', { role: 'alert' }, text),
    hasAccounts ? make('button', { type: 'button', class: 'main', onclick: () => account().then((module) => module.signIn()).catch(() => state.signedOut(t('down'))) }, t('account')) : null));
};

function sayWho() {
  document.body.classList.toggle('in', state.token != null);
  $('who').textContent = state.me && state.token ? t('signed_in', { name: state.me.name, role: word(state.me.role) }) : '';
}

function speak() {
  sayWho();
  document.documentElement.lang = state.language;
  document.title = t('title');
  for (const node of document.querySelectorAll('[data-text]')) node.textContent = t(node.dataset.text);
  $('q').placeholder = t('search_hint');
  [$('language').lang, $('language').textContent] = state.language === 'en' ? ['sw', 'Kiswahili'] : ['en', 'English'];
}

/** Why there is no session: the link or the account, or something that passes. */
function noSession({ status, message }, code) {
  if (status === undefined) return t('down');
  if (status === 404) return t(code ? 'link_spent' : 'account_unknown');
  return code && status !== 401 ? `${message} ${t('link_again')}` : message;
}

/** The address may hold a link's code and, after a slash, the payment to open: /desk#<code>/<payment_id>. */
async function start() {
  const [code, payment] = location.hash.slice(1).split('/');
  if (code || isReturning()) {
    try {
      const sent = code ? { code } : { id_token: await (await account()).proof() };
      history.replaceState(null, '', '/desk');
      state.me = await call('sessions', sent);
      state.token = state.me.token;
      sessionStorage.setItem('token', state.token);
    } catch (error) {
      history.replaceState(null, '', '/desk');
      return state.signedOut(noSession(error, code));
    }
  }
  if (!state.token) return state.signedOut();
  // Who it is comes beside the view: neither waits for the other.
  if (!state.me) call('me').then((me) => { state.me = me; sayWho(); }).catch(() => {});
  sayWho();
  return payment ? story(payment) : waiting();
}

$('search').addEventListener('submit', (event) => {
  event.preventDefault();
  $('main').focus({ preventScroll: true });
  if ($('q').value.trim()) search($('q').value.trim());
});
for (const [id, view] of [['go-waiting', waiting], ['go-day', () => day()]]) {
  $(id).addEventListener('click', () => {
    $('q').value = '';
    view();
  });
}
$('language').addEventListener('click', () => {
  state.language = state.language === 'en' ? 'sw' : 'en';
  sessionStorage.setItem('language', state.language);
  speak();
  state.again();
});
document.addEventListener('keydown', (event) => {
  const isTyping = /^(INPUT|SELECT)$/.test(event.target.tagName);
  if (event.key === '/' && !isTyping && !$('act').open) {
    event.preventDefault();
    $('q').focus();
    $('q').select();
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
