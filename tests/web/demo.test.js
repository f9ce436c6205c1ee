/** The demo's words and days: both languages say everything, each day has its words, and nothing stays English. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { DAYS, phoneSettings } from '../../web/demo/days.js';
import { Play } from '../../web/demo/play.js';
import { TEXTS } from '../../web/demo/texts.js';

const SAME_IN_BOTH = ['laneHakika', 'laneMpesa', 'sms'];

/** Every sentence by its path. */
function flat(texts, path = '') {
  return Object.entries(texts).flatMap(([name, text]) => (typeof text === 'string' ? [[path + name, text]] : flat(text, `${path}${name}.`)));
}

const holes = (text) => text.match(/\{\w+\}/g)?.sort().join() ?? '';

test('Swahili has every sentence that English has, with the same holes, and in other words', () => {
  const swahili = new Map(flat(TEXTS.sw));
  const english = flat(TEXTS.en);
  assert.deepEqual([...swahili.keys()].sort(), english.map(([name]) => name).sort());
  for (const [name, text] of english) {
    assert.equal(holes(swahili.get(name)), holes(text), name);
    if (!SAME_IN_BOTH.includes(name) && /[a-z]{3}/.test(text.replace(/\{\w+\}/g, ''))) assert.notEqual(swahili.get(name), text, name);
  }
});

test('M-PESA and KES are written in one way each', () => {
  for (const [name, text] of [...flat(TEXTS.en), ...flat(TEXTS.sw)]) {
    assert.doesNotMatch(text, /M-Pesa|MPESA|Mpesa|KES \d{4}|Ksh/, name);
  }
});

test('each day has its words and its turning point in both languages', () => {
  for (const { days, why } of Object.values(TEXTS)) {
    assert.deepEqual(Object.keys(days), Object.keys(DAYS));
    for (const { turn } of Object.values(DAYS)) assert.ok(why[turn], turn);
  }
});

test('a phone that was switched off is on again on the next day, and pays alone only where nobody answers', () => {
  assert.equal(phoneSettings('offline', { isAlone: false }).is_on, false);
  assert.deepEqual(phoneSettings('normal', { isAlone: false }), { is_on: true, scenario: 'normal' });
  assert.deepEqual(phoneSettings('normal', { isAlone: true }), { is_on: true, scenario: 'pays' });
});

for (const [money, status, outcome, agrees] of [
  [1500, 'Confirmed', 'completed', true],
  [0, 'Pending', 'failed', true],
  [3000, 'Confirmed', 'completed', false], // charged twice
  [1500, 'Pending', 'completed', false],
  [1500, 'Pending', 'failed', false], // paid in vain
  [0, 'Confirmed', 'failed', false],
  [0, 'Pending', 'completed', false],
  [1500, 'Confirmed', 'failed', false],
]) {
  test(`KES ${money}, ${status} and ${outcome} ${agrees ? 'agree' : 'differ'}`, () => {
    const play = new Play({ day: 'normal', priceKes: 1500 });
    assert.equal(play.agrees, null);
    Object.assign(play, { movedKes: money, booking: { status }, outcome });
    assert.equal(play.agrees, agrees);
  });
}

for (const [money, status, outcome, detail, agrees] of [
  [1500, 'Confirmed', 'completed', 'completed', null], // the clinic has yet to cancel
  [1500, 'Cancelled', 'completed', 'completed', null], // the customer has yet to look
  [1500, 'Cancelled', 'refund_due', 'refund_due', true],
  [0, 'Cancelled', 'refund_due', 'refund_due', null],
  [0, 'Cancelled', 'refund_due', 'refunded', true],
  [1500, 'Cancelled', 'refund_due', 'refunded', false], // told, but not returned
  [3000, 'Cancelled', 'refund_due', 'refund_due', false],
  [-1500, 'Cancelled', 'refund_due', 'refunded', false], // returned twice
]) {
  test(`on the day of a refund KES ${money}, ${status} and ${detail} agree: ${agrees}`, () => {
    const play = new Play({ day: 'refund', priceKes: 1500 });
    play.hearOutcome(1000, { outcome, payment: { detail } });
    Object.assign(play, { movedKes: money, booking: { status } });
    assert.equal(play.agrees, agrees);
    assert.equal(play.needsPerson, detail === 'refund_due');
  });
}

test('a repeated look is one step, with its first and its last time', () => {
  const play = new Play({ day: 'normal', priceKes: 1500 });
  for (const at of [1000, 3000, 9000]) play.hearAnswer({ at, method: 'GET', status: 200, body: { detail: 'pending' } });
  const looks = play.steps.filter(({ repeats }) => repeats === 'looks');
  assert.deepEqual(looks.map(({ at, lastAt, count }) => [at, lastAt, count]), [[1000, undefined, 1], [3000, 9000, 2]]);
});

for (const [by, turned] of [['c2b', 'confirmation'], ['status', 'queryAnswer'], ['callback', 'callback']]) {
  test(`a payment that ${by} completed turned on ${turned}, whatever else was heard`, () => {
    const phone = '254712345678';
    const play = new Play({ day: 'normal', phone, priceKes: 1500 });
    const post = (sequence, body) => ({ sequence, at: sequence, kind: 'callback_posted', phone, checkout_request_id: 'ws_CO_1', body: JSON.stringify(body) });
    play.hearJournal(post(1, { Body: { stkCallback: { ResultCode: 0 } } }));
    play.hearJournal(post(2, { TransID: 'UKT6K1A2B3', TransAmount: '1500.00', BillRefNumber: 'HAKI' }));
    play.hearJournal({ sequence: 3, at: 3, kind: 'request', phone, path: '/mpesa/stkpushquery/v1/query', answer: '{"ResultCode": "0"}' });
    play.hearEvent({ type: 'PaymentCompleted', from_status: 'pending', status: 'completed', by, occurred_at: '1970-01-01T03:00:03+03:00' });
    assert.deepEqual(play.steps.filter(({ isSpent }) => isSpent).map(({ text }) => text), [turned]);
    assert.equal(play.steps.find(({ isQuery }) => isQuery).why, by === 'status' ? 'queryTrusted' : 'queryEarly');
  });
}

for (const [by, status, why] of [
  ['cleanup', 200, 'callbackAfter'],
  ['cleanup', null, null], // not answered, and paid later: it says nothing
  ['callback', 200, 'callbackPaid'],
]) {
  test(`a callback that was answered ${status}, of a payment that ${by} completed, is ${why}`, () => {
    const phone = '254712345678';
    const play = new Play({ day: 'callback_late', phone, priceKes: 1500 });
    const entry = (sequence, facts) => play.hearJournal({ sequence, at: sequence, phone, delivery: 'd1', ...facts });
    entry(1, { kind: 'callback_posted', body: JSON.stringify({ Body: { stkCallback: { ResultCode: 0 } } }) });
    entry(2, { kind: 'callback_answered', status });
    play.hearOutcome(500, { outcome: 'completed' });
    play.hearEvent({ type: 'PaymentCompleted', from_status: 'pending', status: 'completed', by, occurred_at: '1970-01-01T03:00:03+03:00' });
    assert.equal(play.steps.find(({ delivery }) => delivery === 'd1').why, why);
    assert.deepEqual(play.steps.map(({ text }) => text).filter((text) => text.startsWith('learned')), ['learned', 'learnedBefore']);
    assert.equal(play.steps.at(-1).text, 'learnedBefore');
  });
}
