/** All days side by side: one row a day, with its last step, and in the end the three words that must agree. */
import { DAYS } from './days.js';
import { kes } from './steps.js';
import { TEXTS, fill } from './texts.js';
import { sentenceOf, span } from './timeline.js';

export class Board {
  #list = document.querySelector('#rows');
  #verdict = document.querySelector('#verdict');
  #person = document.querySelector('#board-person');
  #plays = new Map(); // by day
  #watch;
  language = 'en';

  /** `watch(play)` is called when a person wants to see the steps of a row. */
  constructor(watch) {
    this.#watch = watch;
  }

  get hasPlays() {
    return this.#plays.size > 0;
  }

  begin() {
    this.#plays.clear();
    this.draw();
  }

  put(play) {
    this.#plays.set(play.day, play);
    play.addEventListener('change', () => this.draw());
    this.draw();
  }

  draw() {
    const text = TEXTS[this.language];
    const held = this.#list.contains(document.activeElement) ? document.activeElement.dataset.day : null;
    this.#list.replaceChildren(...Object.keys(DAYS).map((day) => this.#row(day, this.#plays.get(day), text)));
    if (held) this.#list.querySelector(`[data-day="${held}"]`)?.focus();
    this.#drawVerdict(text);
  }

  #row(day, play, text) {
    const row = document.createElement('li');
    row.className = play?.agrees === null || !play ? '' : play.agrees ? 'good' : 'bad';
    const { title, naive } = text.days[day];
    const name = document.createElement('button');
    Object.assign(name, { type: 'button', className: 'quiet', textContent: title, disabled: !play });
    name.dataset.day = day;
    name.addEventListener('click', () => this.#watch(play));
    const head = document.createElement('div');
    head.className = 'day';
    head.append(name, span('naive', naive));
    row.append(head, span('now', this.#nowOf(play, text)), ...endOf(play, text));
    return row;
  }

  /** The last step; and once the three words are known, the turning point of this day. */
  #nowOf(play, text) {
    const step = play?.steps.at(-1);
    if (!step) return text.notYet;
    const { turn } = DAYS[play.day];
    if (play.agrees !== null && play.steps.some(({ why }) => why === turn)) return text.why[turn];
    const reasons = play.steps.filter((each) => each.why && !each.learned && !each.states).map(({ why }) => why);
    if (play.agrees === null || !reasons.length) return sentenceOf(step, this.language, play);
    return text.why[reasons.at(-1)];
  }

  #drawVerdict(text) {
    const plays = [...this.#plays.values()];
    const waiting = plays.find((play) => play.needsPerson);
    this.#person.hidden = !waiting;
    if (waiting) this.#drawPerson(waiting, text);
    const total = Object.keys(DAYS).length;
    const over = plays.filter((play) => play.agrees !== null);
    if (over.length < total) {
      const sentence = fill(text.playing, { over: over.length, total });
      if (this.#verdict.textContent !== sentence) this.#verdict.textContent = sentence;
      return;
    }
    const good = plays.filter((play) => play.agrees).length;
    const moved = plays.reduce((sum, play) => sum + play.movedKes, 0);
    const confirmed = plays.filter((play) => play.booking.status === 'Confirmed').length;
    const sentence = good === total ? text.verdict : text.verdictBad;
    this.#verdict.textContent = fill(sentence, { good, total, moved: kes(moved), confirmed });
    this.#verdict.classList.toggle('bad', good < total);
  }

  #drawPerson(play, text) {
    this.#person.querySelector('span').textContent = fill(text.owedBack, { amount: kes(play.movedKes) });
    this.#person.querySelector('a').href = deskOf(play);
  }
}

/** The desk of the running stack, signed in as somebody who may approve, at this payment. */
export const deskOf = (play) => `/demo/desk?payment_id=${play.paymentId}`;

/** The three words of a play's end and whether they agree, as cells of a row. */
function endOf(play, text) {
  const words = wordsOf(play, text);
  const cells = ['money', 'booking', 'reads'].map((name) => {
    const cell = span('word', '');
    cell.append(span('label', `${text[name]}: `), span('value', words[name]));
    return cell;
  });
  return [...cells, markOf(play, text)];
}

export function wordsOf(play, text) {
  const isKnown = play && play.movedKes !== null;
  const status = play?.booking?.status;
  return {
    money: isKnown ? kes(play.movedKes) : '—',
    booking: status ? (text.bookings[status] ?? status) : '—',
    reads: (play?.isOver && play.heading) || '—',
  };
}

export function markOf(play, text) {
  const agrees = play?.agrees ?? null;
  const mark = span(`agree ${agrees === null ? '' : agrees ? 'good' : 'bad'}`, '');
  if (agrees !== null) mark.append(agrees ? `✓ ${text.agree}` : `✗ ${text.disagree}`);
  return mark;
}
