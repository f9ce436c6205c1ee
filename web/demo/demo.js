/** The demo: puts the days, the checkout, the phone, the timeline and the board together. */
import { Board, deskOf, markOf, wordsOf } from './board.js';
import { cancelBooking, newBooking, newCustomer, newNumber, readBooking, readable } from './customers.js';
import { DAYS, phoneSettings } from './days.js';
import { Play } from './play.js';
import { PhoneSheet } from './sheet.js';
import { Simulator } from './simulator.js';
import { TEXTS } from './texts.js';
import { Timeline, span } from './timeline.js';

const EVENTS_SECONDS = 45; // a late receipt is an event too
const PERSON_SECONDS = 900; // as long as a link to the desk lives
const BETWEEN_DAYS_SECONDS = 1.2; // the days begin one after the other, so that one machine can play them all
const PAY_SECONDS_MAX = 60; // ten checkouts read their prices at once
const BY_HAND_SECONDS_MAX = 120; // where the confirmation is lost, the next list of payments has it
const AGREE_LOOKS = 10; // looks at money and booking, a second apart, before they are called different
const REMEMBERED = 'hakika-demo-play';

const at = (id) => document.getElementById(id);
const timeline = new Timeline();
const board = new Board((play) => watch(play));
const sheet = new PhoneSheet();
const plays = new Set(); // whose checkouts are on the page
let config;
let simulator = null;
let language = localStorage.getItem('hakika-demo-language') === 'sw' ? 'sw' : 'en';
let watched = null; // the play whose checkout, phone and steps are shown
let opening = 0; // counts the clicks on a day: only the last one counts
let isPlayingAll = false;

async function begin() {
  speak(language);
  for (const button of document.querySelectorAll('[data-language]')) {
    button.addEventListener('click', () => speak(button.dataset.language));
  }
  try {
    config = await (await fetch('/demo/config.json', { cache: 'no-store' })).json();
  } catch {
    return complain('notRunning');
  }
  for (const [name, day] of Object.entries(DAYS)) if (day.byHand && !config.paybill) delete DAYS[name];
  if (config.simulatorBase) simulator = new Simulator(config.simulatorBase);
  document.querySelector('main').classList.toggle('alone', !simulator);
  for (const part of document.querySelectorAll('[data-simulator]')) part.hidden = !simulator;
  at('links').hidden = false;
  watchRequests();
  at('again').addEventListener('click', () => open(watched.day));
  at('play-all').addEventListener('click', playAll);
  at('by-hand').addEventListener('click', () => {
    at('by-hand').hidden = true;
    payByHand(watched).catch(() => complain('noSimulator'));
  });
  at('clinic').addEventListener('click', () => {
    at('clinic').hidden = true;
    cancelAsClinic(watched).catch(() => complain('noSimulator'));
  });
  await customElements.whenDefined('mpesa-checkout');
  await simulator?.follow(hearJournal).catch(() => complain('noSimulator'));
  const remembered = JSON.parse(sessionStorage.getItem(REMEMBERED));
  await open(remembered?.day ?? 'normal', remembered);
}

// --- plays -----------------------------------------------------------------------------------------------------

/** Gets a day ready for the visitor: they press Pay and answer the phone. */
async function open(day, remembered = null) {
  const mine = ++opening;
  drawDays(day);
  showBoard(false);
  at('stage').setAttribute('aria-busy', 'true');
  try {
    const play = await prepare(day, { remembered, isWanted: () => mine === opening });
    if (!play) return;
    const { phone, bookingId, clientId, token, priceKes, openingKes } = play;
    sessionStorage.setItem(REMEMBERED, JSON.stringify({ day, phone, bookingId, clientId, token, priceKes, openingKes }));
    watch(play);
    for (const each of plays) if (each !== play && !each.isAlone) drop(each);
  } catch {
    complain(simulator ? 'noSimulator' : 'notRunning');
    if (mine !== opening || !watched) return;
    at('stage').setAttribute('aria-busy', 'false'); // what was there before stays
    drawDays();
  }
}

/** Plays every day at about the same time; nobody needs to press anything. */
async function playAll() {
  const isBack = at('board').hidden && board.hasPlays;
  showBoard(true);
  if (isPlayingAll || isBack) return;
  isPlayingAll = true;
  opening += 1;
  for (const play of plays) if (play.isAlone) drop(play);
  board.begin();
  drawPlayAll();
  const days = Object.keys(DAYS).sort((one, other) => Boolean(DAYS[other].isSlow) - Boolean(DAYS[one].isSlow));
  await Promise.all(days.map(async (day, place) => {
    await pause(place * BETWEEN_DAYS_SECONDS);
    const play = await prepare(day, { isAlone: true });
    board.put(play);
    await (DAYS[day].byHand ? payByHand(play) : pressPay(play));
    if (DAYS[day].isCancelled) {
      await heard(play, () => isPaid(play));
      await cancelAsClinic(play);
    }
    await heard(play, () => play.agrees !== null);
  })).catch(() => complain('noSimulator'));
  isPlayingAll = false;
  drawPlayAll();
}

/** A fresh customer, phone and booking, and a checkout for them; null where it is not wanted any more. */
async function prepare(day, { isAlone = false, remembered = null, isWanted = () => true } = {}) {
  const facts = remembered ?? (await freshFacts());
  if (!isWanted()) return null;
  const settings = { ...phoneSettings(day, { isAlone }), language };
  const wallet = await simulator?.setPhone(facts.phone, settings);
  if (!isWanted()) return null;
  const openingKes = facts.openingKes ?? wallet?.balance_kes ?? null;
  const play = new Play({ ...facts, day, openingKes, isAlone });
  plays.add(play);
  play.element = checkoutFor(play);
  play.addEventListener('change', () => play === watched && drawEnd());
  at('checkouts').append(play.element);
  return play;
}

async function freshFacts() {
  const { clientId, token } = await newCustomer();
  const bookingId = await newBooking({ config, clientId });
  return { phone: simulator ? newNumber() : '', bookingId, clientId, token, priceKes: config.priceKes };
}

function checkoutFor(play) {
  const element = document.createElement('mpesa-checkout');
  const attributes = {
    'api-base': config.apiBase,
    amount: play.priceKes,
    label: TEXTS[language].consultation,
    lang: language,
    phone: play.phone && readable(play.phone),
    'account-reference': 'HAKIKA',
    'booking-id': play.bookingId,
  };
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.hidden = true;
  element.addEventListener('mpesa-outcome', ({ detail }) => {
    play.hearOutcome(now(), detail);
    settle(play);
  });
  element.token = play.token;
  return element;
}

function drop(play) {
  plays.delete(play);
  if (play !== watched) play.element.remove();
}

/** Presses the checkout's own button, as a customer would, until the checkout has asked for the payment. */
async function pressPay(play) {
  for (let waited = 0; waited < PAY_SECONDS_MAX; waited += 0.3) {
    play.element.shadowRoot.querySelector('button[type="submit"]:enabled')?.click();
    if (play.steps.length) return;
    await pause(0.3);
  }
  throw new Error('The checkout did not ask for the payment.');
}

/** Pays on the phone, with the booking as the account; then the customer comes back to the page, which looks afresh. */
async function payByHand(play) {
  await simulator.payByHand(play.phone, { paybill: config.paybill, account: play.bookingId, amountKes: play.priceKes });
  for (let waited = 0; waited < BY_HAND_SECONDS_MAX && play.booking?.status !== 'Confirmed'; waited += 1) {
    await pause(1);
    await readEnd(play);
  }
  follow(play, { payment_id: play.booking.paid_payment_id });
  if (plays.has(play)) at('checkouts').append(play.element);
}

const isPaid = (play) => play.outcome === 'completed' && play.booking?.status === 'Confirmed';

/** The clinic cancels and requests the refund; then the customer comes back to the page. Now a person is needed. */
async function cancelAsClinic(play) {
  play.hearClinic(now());
  await cancelBooking({ config, ...play });
  await readEnd(play);
  comeBack();
}

/** A checkout looks again when its tab is shown again. */
const comeBack = () => document.dispatchEvent(new Event('visibilitychange'));

/** Reads money and booking until they agree with what the customer reads, or for some seconds. */
async function settle(play) {
  for (let looks = 0; looks < AGREE_LOOKS && plays.has(play); looks += 1) {
    await readEnd(play);
    if (!play.isOver || play.agrees !== false) return;
    await pause(1);
  }
}

async function readEnd(play) {
  const [booking, wallet] = await Promise.all([
    readBooking({ config, ...play }),
    simulator?.walletKes(play.phone).catch(() => null),
  ]);
  play.booking = booking ?? play.booking;
  if (Number.isInteger(wallet)) play.movedKes = play.openingKes - wallet;
  play.changed();
}

// --- on the screen ---------------------------------------------------------------------------------------------

/** Shows a play's checkout, phone and steps. */
function watch(play) {
  const before = watched;
  watched = play;
  if (before && !plays.has(before)) before.element.remove();
  for (const each of at('checkouts').children) each.hidden = each !== play.element;
  drawDays(play.day);
  showBoard(false);
  at('stage').setAttribute('aria-busy', 'false');
  timeline.show(play);
  at('by-hand').hidden = !DAYS[play.day].byHand || play.steps.length > 0;
  drawEnd();
  if (!simulator) return;
  at('handset').src = simulator.phonePage(play.phone, language);
  sheet.close();
}

function showBoard(isShown) {
  at('board').hidden = !isShown;
  at('stage').hidden = at('days').hidden = isShown; // the rows name the days themselves
  if (isShown) drawDays(null);
  drawPlayAll();
}

function drawDays(chosen = watched?.day) {
  const chips = Object.keys(DAYS).map((name) => {
    const { title, naive } = TEXTS[language].days[name];
    const button = document.createElement('button');
    button.type = 'button';
    button.dataset.day = name;
    button.setAttribute('aria-pressed', String(name === chosen));
    button.append(span('title', title), span('naive', naive));
    button.addEventListener('click', () => open(name));
    const item = document.createElement('li');
    item.append(button);
    return item;
  });
  const held = at('days').contains(document.activeElement) ? document.activeElement.dataset.day : null;
  at('days').replaceChildren(...chips);
  if (held) at('days').querySelector(`[data-day="${held}"]`).focus();
}

function drawPlayAll() {
  const isBack = at('board').hidden ? board.hasPlays : isPlayingAll;
  at('play-all').textContent = TEXTS[language][isBack ? 'showAll' : 'playAll'];
}

function drawEnd() {
  const text = TEXTS[language];
  const words = wordsOf(watched, text);
  for (const [name, word] of Object.entries(words)) at(`end-${name}`).textContent = word;
  at('end-mark').replaceChildren(markOf(watched, text));
  at('again').hidden = !watched?.isOver;
  at('clinic').hidden = !(watched && DAYS[watched.day].isCancelled && isPaid(watched));
  at('timeline').classList.toggle('with-person', Boolean(watched?.needsPerson));
  at('person').hidden = !watched?.needsPerson;
  if (watched?.needsPerson) at('desk').href = deskOf(watched);
}

function speak(wanted) {
  language = wanted;
  localStorage.setItem('hakika-demo-language', wanted);
  document.documentElement.lang = wanted;
  timeline.language = board.language = wanted;
  const text = TEXTS[wanted];
  document.title = text.pageTitle;
  for (const node of document.querySelectorAll('[data-text]')) node.textContent = text[node.dataset.text];
  at('handset').title = text.phone;
  for (const button of document.querySelectorAll('[data-language]')) {
    button.setAttribute('aria-pressed', String(button.dataset.language === wanted));
  }
  for (const { element } of plays) {
    element.setAttribute('lang', wanted);
    element.setAttribute('label', text.consultation);
  }
  drawDays(at('stage').hidden ? null : watched?.day);
  drawPlayAll();
  timeline.draw();
  if (!at('board').hidden) board.draw();
  if (!watched) return;
  drawEnd();
  simulator?.setPhone(watched.phone, { language }).catch(() => complain('noSimulator'));
}

function complain(name) {
  const place = at('trouble');
  place.dataset.text = name;
  place.textContent = TEXTS[language][name];
  place.hidden = false;
}

// --- what is heard ---------------------------------------------------------------------------------------------

const now = () => simulator?.now() ?? Date.now();

function hearJournal(entry) {
  for (const play of plays) {
    if (play.hearJournal(entry) && play === watched) sheet.hear(entry);
  }
}

/** Looks over the checkouts' shoulders: their requests are the browser's part of the timeline. */
function watchRequests() {
  const send = globalThis.fetch.bind(globalThis);
  globalThis.fetch = async (address, options = {}) => {
    const url = new URL(address, location.href);
    const play = url.pathname.startsWith('/api/payment/') ? playOf(url, options) : null;
    if (!play) return send(address, options);
    const seen = { method: options.method ?? 'GET' };
    if (seen.method === 'POST') play.hearPush(now());
    try {
      const response = await send(address, options);
      const body = await response.clone().json().catch(() => null);
      play.hearAnswer({ ...seen, at: now(), status: response.status, body });
      if (body?.payment_id) follow(play, body);
      return response;
    } catch (error) {
      if (!options.signal?.aborted) play.hearAnswer({ ...seen, at: now(), status: 0, body: null });
      throw error;
    }
  };
}

/** Whose request this is: a push names the booking, a look carries the customer's own token. */
function playOf(url, { body, headers }) {
  const bookingId = body && JSON.parse(body).booking_id;
  const authorization = new Headers(headers).get('Authorization');
  return [...plays].find((play) => play.bookingId === bookingId || authorization === `Bearer ${play.token}`);
}

/** Once per payment: what happened to its prompt before, and its events as they come. */
async function follow(play, { payment_id: paymentId, CheckoutRequestID: promptId }) {
  if (play.followed === paymentId) return;
  play.followed = paymentId;
  const past = promptId && (await simulator?.journalOf(promptId).catch(() => []));
  for (const entry of past || []) play.hearJournal(entry);
  const heardEvents = new Set();
  const step = play.isAlone ? 2 : 1; // all days together ask half as often
  const seconds = DAYS[play.day].isCancelled ? PERSON_SECONDS : EVENTS_SECONDS;
  for (let left = seconds; left > 0 && play.followed === paymentId && plays.has(play); left -= step) {
    const response = await fetch(`/demo/events?payment_id=${paymentId}`, { cache: 'no-store' }).catch(() => null);
    if (response?.status === 404) return;
    for (const event of response?.ok ? (await response.json()).events : []) {
      const name = `${event.type} ${event.occurred_at}`;
      if (heardEvents.has(name)) continue;
      heardEvents.add(name);
      play.hearEvent(event);
      await readEnd(play);
      if (event.status === 'refunded') comeBack();
    }
    await pause(step);
  }
}

// --- small parts ---------------------------------------------------------------------------------------------------------

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Resolves when it is so, looking again with each change of the play. */
function heard(play, isSo) {
  return new Promise((resolve) => {
    const look = () => isSo() && (play.removeEventListener('change', look), resolve());
    play.addEventListener('change', look);
    look();
  });
}

await begin();
