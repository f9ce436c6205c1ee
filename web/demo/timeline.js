/** Draws one play as a sequence diagram that grows: four lanes, an arrow or a note a step, and the reasons. */
import { TEXTS, fill } from './texts.js';

const LANES = { browser: 1, hakika: 2, mpesa: 3, phone: 4 };
const LANE_TEXTS = { browser: 'laneBrowser', hakika: 'laneHakika', mpesa: 'laneMpesa', phone: 'lanePhone' };
const NEAR_THE_END_PIXELS = 120;

export class Timeline {
  #list = document.querySelector('#steps');
  #empty = document.querySelector('#empty');
  #lanes = document.querySelector('#lanes');
  #play = null;
  #draw = () => this.draw();
  #drawn = new WeakSet();
  language = 'en';

  /** Follows this play from now on, and no other. */
  show(play) {
    this.#play?.removeEventListener('change', this.#draw);
    this.#play = play;
    play.addEventListener('change', this.#draw);
    this.draw();
  }

  draw() {
    const steps = this.#play?.steps ?? [];
    const { scrollTop, scrollHeight, clientHeight } = this.#lanes;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_THE_END_PIXELS;
    this.#list.replaceChildren(...steps.map((step) => this.#row(step)));
    this.#empty.hidden = steps.length > 0;
    if (isAtEnd) this.#lanes.scrollTop = this.#lanes.scrollHeight;
  }

  #row(step) {
    const text = TEXTS[this.language];
    const [from, to] = [LANES[step.from], LANES[step.to ?? step.from]];
    const [left, right] = [Math.min(from, to), Math.max(from, to)];
    const direction = step.to ? `arrow ${to > from ? 'right' : 'left'}` : 'note';
    const lane = (name) => text[LANE_TEXTS[name]];
    const who = step.to ? fill(text.to, { from: lane(step.from), to: lane(step.to) }) : lane(step.from);
    const body = document.createElement('div');
    body.className = `step ${direction} ${step.kind ?? ''}`;
    const margin = step.to ? 0 : 1; // a note may be wider than its lane
    body.style.gridColumn = `${Math.max(2, left + 1 - margin)} / ${Math.min(6, right + 2 + margin)}`;
    body.style.setProperty('--span', right - left + 1);
    const says = span('says', sentenceOf(step, this.language, this.#play));
    if (step.fact) says.append(' ', span('fact', step.fact));
    body.append(span('who silent', `${who}:`), ' ', says);
    const row = document.createElement('li');
    row.append(span('at', this.#time(step)), body);
    if (step.why) row.append(span('why', text.why[step.why]));
    if (this.#drawn.has(step)) row.style.animation = 'none';
    this.#drawn.add(step);
    return row;
  }

  #time({ at, lastAt }) {
    const seconds = (milliseconds) => ((milliseconds - this.#play.startedAt) / 1000).toFixed(1);
    return lastAt ? `${seconds(at)}–${seconds(lastAt)} s` : `${seconds(at)} s`;
  }
}

/** What a step says in this language. */
export function sentenceOf(step, language, play) {
  const text = TEXTS[language];
  const states = Object.entries(step.states ?? {}).map(([name, state]) => [name, text.states[state] ?? state]);
  const last = play.steps.findLast((each) => each.learned);
  const heading = (step.learned === last?.learned && play.heading) || text.outcomes[step.learned];
  return fill(text[step.text], { ...step.values, ...Object.fromEntries(states), heading, count: step.count });
}

export function span(kind, text) {
  const node = document.createElement('span');
  node.className = kind;
  node.textContent = text;
  return node;
}
