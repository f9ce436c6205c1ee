/** One payment: what happened as sentences, what the customer reads, and what can be done now. */
import { actName, ask, card, clock, dateOf, facts, kes, knows, make, open, phone, show, state, t, tell, timeOf, word } from '/desk/page.js';

const PEOPLE = ['staff', 'operator'];
/** What M-PESA itself reported; other moments are somebody's decision. */
const REPORTS = new Set(['PaymentCompleted', 'PaymentFailed', 'PaymentCancelled', 'ReviewNeeded', 'ReceiptAdded', 'PaymentUnresolved']);
const isReport = (moment) => REPORTS.has(moment.type) && !isPerson(moment.by) && knows(`how_${moment.evidence}`);
const isPerson = (by) => PEOPLE.includes((by || '').split(':')[0]);

/** Who did it, in words: a member of staff, the operator, or a part of the system. */
function person(by) {
  const [family, ...rest] = (by || '').split(':');
  if (PEOPLE.includes(family)) return rest.join(':').split('/').pop();
  return knows(`by_${family}`) ? word(`by_${family}`) : t('by_system');
}

/** Why a person is needed, where the status does not say it already. */
export const whyLine = (tag, payment) => (payment.why && word(payment.why) !== word(payment.status)
  ? make(tag, { class: 'why' }, word(payment.why)) : null);
export const badge = (status, warns) => make('span', { class: warns ? 'badge warn' : `badge ${status}` }, word(status));
const amountOf = (payment) => kes(payment.paid_amount_kes ?? payment.amount_kes);

export function story(id) {
  const again = () => story(id);
  return open(again, `payments/${id}`, (payment) => draw(again, payment));
}

function draw(again, payment) {
  const head = make('section', { class: 'card head' },
    make('h2', {}, make('span', { class: 'sum' }, amountOf(payment)), badge(payment.status, payment.why)),
    whyLine('p', payment), refundLine(payment), balanceLine(payment), acts(again, payment));
  show(again, head, make('div', { class: 'columns' },
    make('div', {}, card(t('what_happened'), make('ol', { class: 'story' }, ...moments(payment).map(line))), webhooks(payment)),
    make('div', {}, details(payment), customer(payment))));
}

function acts(again, payment) {
  const path = `payments/${payment.payment_id}/acts`;
  const known = { amount: amountOf(payment), phone: phone(payment.phone) };
  const buttons = payment.acts.map(({ act, then }, index) => make('button', {
    type: 'button',
    class: index === 0 && payment.why ? 'main' : null,
    onclick: () => ask({ act, then, known, path, facts: { version: payment.version }, again }),
  }, actName(act)));
  const needsAnother = payment.refund?.step === 'requested' && !payment.acts.some(({ act }) => act === 'approve_refund');
  return make('div', {}, make('h3', {}, t('can_do')),
    buttons.length ? make('div', { class: 'acts' }, ...buttons) : make('p', {}, t('nothing_to_do')),
    needsAnother ? make('p', { class: 'muted' }, t('two_people')) : null);
}

function refundLine({ refund }) {
  if (!refund?.step) return null;
  const parts = [t(`refund_step_${refund.step}`), refund.asked_by && t('by', { by: person(refund.asked_by) }), refund.why];
  return make('p', {}, make('strong', {}, `${t('refund')}: `), parts.filter(Boolean).join(' · '));
}

/** What M-PESA last said that the account holds, with its age: it warns, and decides nothing. */
function balanceLine({ refund }) {
  if (!refund?.balance) return null;
  const { amount_kes, told_at, age_seconds, is_enough } = refund.balance;
  const told = t('balance', { amount: kes(amount_kes), time: clock(told_at), minutes: Math.ceil(age_seconds / 60) });
  return make('p', { class: is_enough ? 'muted' : 'why' }, [told, is_enough ? null : t('balance_short'), t('balance_old')].filter(Boolean).join(' '));
}

function details(payment) {
  const { booking } = payment;
  const state_ = booking ? ` · ${word(booking.status)} · ${word(`pays_${booking.payment_status}`)}` : '';
  return card(t('details'), facts([
    [t('booking'), `${payment.booking_id}${state_}`], [t('phone'), phone(payment.phone)], [t('receipt'), payment.receipt_number],
    [t('paid'), clock(payment.paid_at)], [t('asked'), `${kes(payment.amount_kes)}, ${clock(payment.created_at)}`],
    [t('reference'), payment.account_reference],
    [t('named'), payment.receipt_claims.map((claim) => claim.receipt_number).join(', ')],
  ]));
}

/** What the customer reads, the words of their SMS, and a text that a clerk can send. */
function customer(payment) {
  const told = payment.customer_reads.message;
  const reply = [told, t('reply_booking', { booking: payment.booking_id }),
    payment.receipt_number && t('reply_receipt', { receipt: payment.receipt_number })].filter(Boolean).join(' ');
  const copy = make('button', { type: 'button', onclick: () => navigator.clipboard.writeText(reply).then(() => tell(t('copied'))) }, t('copy'));
  return card(t('the_customer'),
    make('h3', {}, t('customer_reads')), make('p', {}, told),
    ...sms(payment),
    make('h3', {}, t('reply')), make('p', { class: 'quote' }, reply), copy);
}

function sms(payment) {
  if (!payment.receipt_number) return [make('p', { class: 'muted' }, t('no_sms'))];
  const words = t(payment.account_reference ? 'sms_account' : 'sms', {
    receipt: payment.receipt_number,
    amount: `Ksh${(payment.paid_amount_kes ?? payment.amount_kes).toLocaleString('en-KE')}.00`,
    reference: payment.account_reference,
    day: dateOf(payment.paid_at ?? payment.created_at),
  });
  return [make('h3', {}, t('sms_says')), make('p', { class: 'quote' }, words)];
}

function moments(payment) {
  const asked = { at: payment.created_at, type: 'PaymentAsked', by: 'customer' };
  return (payment.origin === 'paybill' ? payment.timeline : [asked, ...payment.timeline])
    .map((moment) => ({ ...moment, text: sentence(payment, moment) }));
}

/** One moment as a sentence: "M-PESA called back: paid, receipt UKS...". */
function sentence(payment, moment) {
  if (moment.type === 'PaymentAsked') return t('asked_for', { phone: phone(payment.phone), amount: kes(payment.amount_kes) });
  const how = isReport(moment) ? `${word(`how_${moment.evidence}`)}: ` : '';
  const receipt = moment.receipt_number && t('with_receipt', { receipt: moment.receipt_number });
  const known = knows(moment.reason) && !isPerson(moment.by) ? word(moment.reason) : '';
  return [how + word(moment.type), receipt, word(moment.attention), known].filter(Boolean).join(' · ');
}

function line(moment) {
  const by = isPerson(moment.by) ? [t('by', { by: person(moment.by) }), moment.reason].filter(Boolean).join(' · ') : person(moment.by);
  return make('li', {}, make('time', { datetime: moment.at, title: clock(moment.at) }, `${dateOf(moment.at)}, ${timeOf(moment.at)}`),
    make('div', { class: 'said' }, moment.text), isReport(moment) ? null : make('div', { class: 'muted' }, by));
}

function webhooks(payment) {
  if (!payment.webhooks.length) return null;
  return card(t('webhooks'), make('ol', { class: 'story' }, ...payment.webhooks.map((each) => make('li', {},
    make('div', {}, `${word(each.type)}: ${each.delivered_at ? clock(each.delivered_at) : each.last_answer}`),
    make('div', { class: 'muted' }, t('tries', { count: each.tries }))))));
}

/** A row of a list: the money, why it is here, and the next act. */
export function paymentLine(payment) {
  const next = payment.why && (NEXT[payment.why] ?? NEXT[payment.status]);
  return make('li', {}, make('button', { type: 'button', onclick: () => story(payment.payment_id) },
    make('div', { class: 'top' }, make('span', {}, `${amountOf(payment)} · ${t('booking')} ${payment.booking_id}`), badge(payment.status, payment.why)),
    whyLine('div', payment),
    make('div', { class: 'muted' }, [phone(payment.phone), payment.receipt_number, clock(payment.created_at)].filter(Boolean).join(' · ')),
    next ? make('div', { class: 'go' }, t('next', { act: actName(next) })) : null));
}

/** What usually comes next, by the reason or the status; the page of the payment offers all of it. */
const NEXT = { refund_due: 'request_refund', refund_requested: 'approve_refund', refund_unresolved: 'settle', review: 'decide' };
