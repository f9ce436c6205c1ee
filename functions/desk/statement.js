/** M-PESA's statement, dropped onto the page: names stay in the browser, the rest is compared. */
import { call, card, kes, make, t, word } from '/desk/page.js';
import { story } from '/desk/story.js';

const LINES_AT_ONCE = 90;
const PAGE_CHARACTERS_MAX = 6000;
const CELL_CHARACTERS = 64;
const COLUMNS = {
  receipt: ['receiptno', 'receiptnumber', 'receipt', 'mpesareceiptnumber', 'transactionid'],
  completed: ['completiontime', 'completedtime', 'transactiontime', 'completiondate'],
  status: ['transactionstatus', 'status'],
  paid_in: ['paidin', 'credit', 'amountpaidin'],
  withdrawn: ['withdrawn', 'debit', 'paidout', 'withdrawal'],
  linked: ['linkedtransactionid', 'linkedtransaction'],
  account: ['acno', 'accountno', 'accountnumber', 'account'],
  reason: ['reasontype', 'transactiontype', 'type'],
  details: ['details', 'description', 'particulars'],
};
const NEEDED = ['receipt', 'completed', 'paid_in'];
const SENT = ['receipt', 'completed', 'status', 'paid_in', 'withdrawn', 'linked', 'account', 'reason'];
const NEEDS_A_LOOK = ['only_there', 'only_here', 'amount_differs', 'partly_returned'];

/** The rows of a CSV, by the separator that its heading uses; a quoted cell may hold anything. */
export function rowsOf(text) {
  const heading = text.split(/\r?\n/).find((line) => /receipt/i.test(line)) ?? '';
  const separator = [',', ';', '\t'].reduce((best, each) => (heading.split(each).length > heading.split(best).length ? each : best));
  const rows = [[]];
  let cell = '';
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (isQuoted && character === '"' && text[at + 1] === '"') cell += text[at += 1];
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (character === separator || character === '\n')) {
      rows.at(-1).push(cell.replace(/\r$/, ''));
      cell = '';
      if (character === '\n') rows.push([]);
    } else cell += character;
  }
  rows.at(-1).push(cell);
  return rows;
}

function find(rows) {
  for (const [at, row] of rows.slice(0, 40).entries()) {
    const words = row.map((each) => each.toLowerCase().replace(/[^a-z]/g, ''));
    const found = Object.fromEntries(Object.entries(COLUMNS)
      .map(([name, spellings]) => [name, words.findIndex((each) => spellings.includes(each))]).filter(([, place]) => place >= 0));
    if (NEEDED.every((name) => name in found)) return { at, found };
  }
  throw new Error(t('no_statement'));
}

/** The lines as they are sent: number and eight cells; names are in none of them. */
export function linesOf(text) {
  const rows = rowsOf(text);
  const { at, found } = find(rows);
  return rows.slice(at + 1).flatMap((row, index) => {
    const cell = (name) => (row[found[name]] ?? '').trim().slice(0, CELL_CHARACTERS);
    if (!cell('receipt')) return [];
    const details = row[found.details] ?? '';
    const account = cell('account') || (/\bAcc\.\s*(\S+)\s*$/i.exec(details)?.[1] ?? '').slice(0, CELL_CHARACTERS);
    const reason = cell('reason') || (/\bcharges?\b/i.test(details) ? 'charge' : '');
    return [[at + index + 2, ...SENT.map((name) => ({ account, reason })[name] ?? cell(name))]];
  });
}

/** Pages under the limit of a body; a reversal is in the page of the receipt that it gives back. */
function pagesOf(lines) {
  const receipts = new Set(lines.map(([, receipt]) => receipt));
  const groups = grouped(lines, (line) => (receipts.has(line[6]) ? line[6] : line[1]));
  const pages = [];
  let bytes = Infinity;
  for (const group of groups.values()) {
    const size = JSON.stringify(group).length;
    if (bytes + size > PAGE_CHARACTERS_MAX || pages.at(-1).length + group.length > LINES_AT_ONCE) {
      pages.push([]);
      bytes = 0;
    }
    pages.at(-1).push(...group);
    bytes += size;
  }
  return pages;
}

function grouped(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

/** Compare all of it, page by page; what another page explains is no difference. */
export async function compare(lines, progress) {
  const pages = pagesOf(lines);
  const matches = [];
  const unreadable = [];
  for (const [at, page] of pages.entries()) {
    const answer = await call('statement', { lines: page, ...(at ? { previous: pages[at - 1].at(-1)[2] } : {}) });
    matches.push(...answer.matches);
    unreadable.push(...answer.unreadable);
    progress(at + 1, pages.length);
  }
  const there = new Set(lines.map(([, receipt]) => receipt));
  const paired = new Set(matches.filter((each) => each.verdict !== 'only_here').map((each) => each.payment_id));
  const told = new Set();
  return {
    unreadable,
    matches: matches.filter((each) => {
      if (each.verdict !== 'only_here') return true;
      const isNew = !there.has(each.receipt_number) && !paired.has(each.payment_id) && !told.has(each.payment_id);
      told.add(each.payment_id);
      return isNew;
    }),
  };
}

export function statementCard() {
  const input = make('input', { type: 'file', id: 'statement', accept: '.csv,text/csv' });
  const result = make('div', { 'aria-live': 'polite' });
  const read = async (file) => {
    result.replaceChildren(make('p', {}, t('comparing')));
    try {
      const lines = linesOf(await file.text());
      if (!lines.length) throw new Error(t('no_statement'));
      result.replaceChildren(...report(await compare(lines, (done, all) => { result.firstChild.textContent = t('compared', { done, all }); })));
    } catch (error) {
      result.replaceChildren(make('p', { role: 'alert' }, error.message));
    }
    input.value = '';
  };
  input.addEventListener('change', () => input.files[0] && read(input.files[0]));
  const zone = make('label', { for: 'statement', class: 'drop' }, make('strong', {}, t('drop')), make('span', { class: 'muted' }, t('drop_how')), input);
  zone.addEventListener('dragover', (event) => event.preventDefault());
  zone.addEventListener('drop', (event) => {
    event.preventDefault();
    if (event.dataTransfer.files[0]) read(event.dataTransfer.files[0]);
  });
  return card(t('statement'), zone, result);
}

function report({ matches, unreadable }) {
  const groups = grouped(matches, (each) => each.verdict);
  const counted = [...groups].map(([verdict, found]) => make('li', {}, make('strong', {}, String(found.length)),
    ` ${word(`verdict_${verdict}`)}, ${kes(found.reduce((sum, each) => sum + each.amount_kes, 0))}`));
  const rows = matches.filter((each) => NEEDS_A_LOOK.includes(each.verdict) || each.step).map(row);
  return [make('ul', { class: 'counts' }, ...counted),
    rows.length ? make('ul', { class: 'rows' }, ...rows) : make('p', { class: 'good' }, t('all_agrees')),
    ...unreadable.map((text) => make('p', { class: 'why' }, text))];
}

function row(match) {
  const facts = [match.account && `${t('typed_account')} ${match.account}`, match.step && word(`step_${match.step}`)].filter(Boolean).join(' · ');
  const inside = [make('div', { class: 'top' }, make('span', {}, `${kes(match.amount_kes)} · ${match.receipt_number ?? ''}`),
    make('span', { class: 'badge warn' }, word(`verdict_${match.verdict}`))), make('div', { class: 'muted' }, facts)];
  const open = match.payment_id && (() => story(match.payment_id));
  return make('li', {}, open ? make('button', { type: 'button', onclick: open }, ...inside) : make('div', { class: 'still' }, ...inside));
}
