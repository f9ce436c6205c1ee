/** The day: what came in, hour by hour or day by day, as numbers, one chart and a CSV. */
import { card, dateOf, kes, make, open, show, t, today, word } from '/desk/page.js';
import { statementCard } from '/desk/statement.js';

const KINDS = ['received', 'refunded', 'failed', 'unclaimed'];
const HOURS = [...Array(24).keys()].map((hour) => String(hour).padStart(2, '0'));
const NONE = { count: 0, amount_kes: 0 };
const add = (one, other) => ({ count: one.count + other.count, amount_kes: one.amount_kes + other.amount_kes });

export function day(first = today(), last = first) {
  const again = Object.assign(() => day(first, last), { view: 'day' });
  return open(again, `days?from=${first}&to=${last}`, (found) => {
    const buckets = first === last ? byHour(found.hours[first]) : byDay(found.hours);
    const totals = Object.fromEntries(KINDS.map((kind) => [kind, buckets.map((each) => each[kind]).reduce(add, NONE)]));
    const name = first === last ? dateOf(`${first}T12:00:00+03:00`) : `${first} – ${last}`;
    show(again,
      card(t('from_to', { day: name }), pick(first, last), numbers(totals), chart(buckets), table(buckets, totals, first === last),
        make('div', { class: 'acts' }, make('button', { type: 'button', onclick: () => download(found.hours, first, last) }, t('csv')))),
      statementCard());
  });
}

const byHour = (hours = {}) => HOURS.map((hour) => ({ name: hour, label: `${hour}:00`, ...Object.fromEntries(KINDS.map((kind) => [kind, hours[hour]?.[kind] ?? NONE])) }));
const byDay = (days) => Object.entries(days).map(([name, hours]) => ({
  name: name.slice(8), label: name, ...Object.fromEntries(KINDS.map((kind) => [kind, Object.values(hours).map((hour) => hour[kind]).reduce(add, NONE)])),
}));

function pick(first, last) {
  const from = make('input', { type: 'date', id: 'from', value: first, max: today() });
  const to = make('input', { type: 'date', id: 'to', value: last, max: today() });
  const go = () => from.value && day(from.value, to.value < from.value ? from.value : to.value);
  return make('div', { class: 'pick' }, make('label', { for: 'from' }, t('from')), from, make('label', { for: 'to' }, t('to')), to,
    make('button', { type: 'button', onclick: go }, t('show')));
}

function numbers(totals) {
  return make('ul', { class: 'numbers' }, ...KINDS.map((kind) => make('li', { class: kind },
    make('strong', {}, kes(totals[kind].amount_kes)), make('span', {}, t(`kind_${kind}`, { count: totals[kind].count })))));
}

const SVG = 'http://www.w3.org/2000/svg';
function draw(tag, facts, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(facts)) node.setAttribute(name, value);
  if (text) node.textContent = text;
  return node;
}

/** One bar for each hour or day. The table below it says the same to who cannot see it. */
function chart(buckets) {
  const most = Math.max(...buckets.map((each) => each.received.amount_kes), 1);
  const wide = 720 / buckets.length;
  const svg = draw('svg', { viewBox: '0 0 720 130', class: 'chart', role: 'img', 'aria-label': t('chart') });
  svg.append(draw('line', { x1: 0, x2: 720, y1: 106, y2: 106 }));
  for (const [at, each] of buckets.entries()) {
    const height = Math.round((each.received.amount_kes / most) * 100);
    const bar = draw('rect', { x: at * wide + wide * 0.15, y: 106 - height, width: wide * 0.7, height, rx: 2 });
    bar.append(draw('title', {}, `${each.label}: ${kes(each.received.amount_kes)}`));
    svg.append(bar);
    const every = Math.ceil(buckets.length / 12);
    if (at % every === 0) svg.append(draw('text', { x: at * wide + wide / 2, y: 124 }, each.name));
  }
  return svg;
}

function table(buckets, totals, isOneDay) {
  const rows = buckets.filter((each) => KINDS.some((kind) => each[kind].count));
  if (!rows.length) return make('p', { class: 'muted' }, t('nothing_came'));
  const cell = (tally) => make('td', {}, tally.count ? kes(tally.amount_kes).replace('KES ', '') : '–', tally.count ? make('small', {}, ` (${tally.count})`) : null);
  const line = (name, each) => make('tr', {}, make('th', { scope: 'row' }, name), ...KINDS.map((kind) => cell(each[kind])));
  const head = make('tr', {}, make('th', { scope: 'col' }, t(isOneDay ? 'hour' : 'date')), ...KINDS.map((kind) => make('th', { scope: 'col' }, word(`col_${kind}`))));
  return make('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': t('chart') }, make('table', {}, make('caption', {}, t('in_kes')), make('thead', {}, head),
    make('tbody', {}, ...rows.map((each) => line(each.label, each))), make('tfoot', {}, line(t('all'), totals))));
}

/** Count and shillings of each hour, for the accounts. */
function download(days, first, last) {
  const heading = ['day', 'hour', ...KINDS.flatMap((kind) => [`${kind}_count`, `${kind}_kes`])];
  const rows = Object.entries(days).flatMap(([date, hours]) => Object.entries(hours).sort().map(([hour, kinds]) => [
    date, hour, ...KINDS.flatMap((kind) => [kinds[kind].count, kinds[kind].amount_kes])]));
  const href = URL.createObjectURL(new Blob([[heading, ...rows].map((row) => row.join(',')).join('\n') + '\n'], { type: 'text/csv' }));
  make('a', { href, download: `hakika-${first}-${last}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}
