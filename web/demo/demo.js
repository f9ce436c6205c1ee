/** The demo window: puts the checkout, the phone, the day and the timeline together. */
import { DAYS, Simulator } from './simulator.js';
import { TEXTS } from './texts.js';
import { Timeline, kes } from './timeline.js';

const STATUS_CLASS = { Paid: 'good', Failed: 'bad' };
const EVENTS_SECONDS = 45; // a late receipt is an event too

const checkout = document.querySelector('#checkout');
const timeline = new Timeline();
let config;
let simulator = null;
let phone;
let day = 'normal';
let language = localStorage.getItem('hakika-demo-language') === 'sw' ? 'sw' : 'en';
let chosen; // the booking that is on the checkout
let followed; // the payment whose events are read

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
  if (config.simulatorBase) simulator = new Simulator(config.simulatorBase);
  document.querySelector('main').classList.toggle('alone', !simulator);
  for (const part of document.querySelectorAll('[data-simulator]')) part.hidden = !simulator;
  watchRequests();
  await customElements.whenDefined('mpesa-checkout');
  checkout.setAttribute('api-base', config.apiBase);
  document.querySelector('#another').addEventListener('click', () => choose(chosen));
  document.querySelector('#fresh-phone').addEventListener('click', () => usePhone(freshNumber()));
  drawDays();
  drawBookings();
  await Promise.all([usePhone(rememberedPhone()), choose(rememberedBooking())]);
  checkout.token = config.token;
  await simulator?.follow((entry) => timeline.hearJournal(entry)).catch(() => complain('noSimulator'));
}

// --- what is paid for ------------------------------------------------------------------------------------------

function drawBookings() {
  const field = document.querySelector('#bookings');
  for (const label of field.querySelectorAll('label')) label.remove();
  config.bookings.forEach((booking) => {
    const label = radio('booking', booking.booking_id, booking === chosen, () => choose(booking));
    label.append(part('name', booking.title), part('price', kes(booking.price_kes)));
    field.append(label);
  });
}

async function choose(booking) {
  chosen = await payable(booking);
  sessionStorage.setItem('hakika-demo-booking', JSON.stringify(chosen));
  timeline.begin(phone);
  drawBookings();
  checkout.setAttribute('amount', chosen.price_kes);
  checkout.setAttribute('label', chosen.title);
  checkout.setAttribute('booking-id', chosen.booking_id);
  await showBooking();
}

/** The booking, or a fresh one like it where this one cannot be paid any more. */
async function payable(booking) {
  const state = await readBooking(booking.booking_id);
  const isAfterReload = !chosen && sessionStorage.getItem('hakika-demo-booking') !== null;
  if (isAfterReload || state?.payment_status !== 'Paid' || !config.bookingsToken) return booking;
  const fresh = { ...booking, booking_id: `demo-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}` };
  const response = await callApi('PUT', fresh.booking_id, config.bookingsToken, {
    client_id: config.clientId,
    price_kes: booking.price_kes,
    status: 'Pending',
  });
  if (!response?.ok) return booking;
  putInList(fresh);
  return fresh;
}

async function readBooking(bookingId) {
  const response = await callApi('GET', bookingId, config.token);
  return response?.ok ? response.json() : null;
}

function callApi(method, bookingId, token, body) {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const options = { method, headers, body: body && JSON.stringify(body), cache: 'no-store' };
  return fetch(`${config.apiBase}/api/consultations/${encodeURIComponent(bookingId)}`, options).catch(() => null);
}

async function showBooking() {
  const state = await readBooking(chosen.booking_id);
  const place = document.querySelector('#booking-state');
  document.querySelector('#another').hidden = state?.payment_status !== 'Paid' || !config.bookingsToken;
  if (!state) return place.replaceChildren('—');
  const chips = [state.status, state.payment_status].map((word) => part(STATUS_CLASS[word] ?? '', word));
  place.replaceChildren(...chips);
}

/** A fresh booking takes the place of the one that it is like. */
function putInList(fresh) {
  config.bookings = config.bookings.map((each) => (each.title === fresh.title ? fresh : each));
}

function rememberedBooking() {
  const remembered = JSON.parse(sessionStorage.getItem('hakika-demo-booking'));
  if (!remembered) return config.bookings[0];
  putInList(remembered);
  return remembered;
}

// --- the phone and its day ----------------------------------------------------------------------------------------

async function usePhone(number) {
  phone = number;
  sessionStorage.setItem('hakika-demo-phone', number);
  const readable = `0${number.slice(3, 6)} ${number.slice(6, 9)} ${number.slice(9)}`;
  checkout.setAttribute('phone', readable);
  document.querySelector('#number').textContent = readable;
  timeline.begin(number);
  if (!simulator) return;
  document.querySelector('#handset').src = simulator.phonePage(number, language);
  await setDay(day);
}

function freshNumber() {
  const [random] = crypto.getRandomValues(new Uint32Array(1));
  return `2547${String(random % 1e8).padStart(8, '0')}`;
}

const rememberedPhone = () => sessionStorage.getItem('hakika-demo-phone') ?? config.phone ?? freshNumber();

function drawDays() {
  const field = document.querySelector('#days');
  for (const label of field.querySelectorAll('label')) label.remove();
  for (const name of Object.keys(DAYS)) {
    const [title, says] = TEXTS[language].days[name];
    const label = radio('day', name, name === day, () => setDay(name));
    label.append(part('name', title), part('says', says));
    field.append(label);
  }
}

async function setDay(name) {
  day = name;
  try {
    const document_ = await simulator.setPhone(phone, { ...DAYS[name], language });
    document.querySelector('#pin').textContent = document_.pin;
  } catch {
    complain('noSimulator');
  }
}

// --- the timeline ------------------------------------------------------------------------------------------------------

/** Looks over the checkout's shoulder: its requests are the browser's part of the timeline. */
function watchRequests() {
  const send = globalThis.fetch.bind(globalThis);
  globalThis.fetch = async (address, options = {}) => {
    const url = new URL(address, location.href);
    if (!url.pathname.startsWith('/api/payment/')) return send(address, options);
    const seen = { method: options.method ?? 'GET', path: url.pathname };
    if (seen.method === 'POST') {
      timeline.begin(JSON.parse(options.body).phone_number);
      timeline.hearPush(Date.now(), kes(chosen.price_kes));
    }
    try {
      const response = await send(address, options);
      const body = await response.clone().json().catch(() => null);
      timeline.hearAnswer({ ...seen, at: Date.now(), status: response.status, body });
      if (body?.payment_id) follow(body);
      return response;
    } catch (error) {
      if (!options.signal?.aborted) timeline.hearAnswer({ ...seen, at: Date.now(), status: 0, body: null });
      throw error;
    } finally {
      showBooking();
    }
  };
}

/** Once per payment: what happened to its prompt before, and its events as they come. */
async function follow({ payment_id: paymentId, CheckoutRequestID: promptId }) {
  if (followed === paymentId) return;
  followed = paymentId;
  const past = await simulator?.journalOf(promptId).catch(() => []);
  for (const entry of past ?? []) timeline.hearJournal(entry);
  const heard = new Set();
  for (let seconds = 0; seconds < EVENTS_SECONDS && followed === paymentId; seconds += 1) {
    const response = await fetch(`/demo/events?payment_id=${paymentId}`, { cache: 'no-store' }).catch(() => null);
    if (response?.status === 404) return;
    for (const event of response?.ok ? (await response.json()).events : []) {
      const name = `${event.type} ${event.occurred_at}`;
      if (!heard.has(name)) timeline.hearEvent(event);
      if (!heard.has(name)) showBooking();
      heard.add(name);
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

// --- small parts ---------------------------------------------------------------------------------------------------------

function speak(wanted) {
  language = wanted;
  localStorage.setItem('hakika-demo-language', wanted);
  document.documentElement.lang = wanted;
  checkout.setAttribute('lang', wanted);
  timeline.language = wanted;
  for (const node of document.querySelectorAll('[data-text]')) node.textContent = TEXTS[wanted][node.dataset.text];
  document.querySelector('#handset').title = TEXTS[wanted].phone;
  for (const button of document.querySelectorAll('[data-language]')) {
    button.setAttribute('aria-pressed', String(button.dataset.language === wanted));
  }
  if (!config) return;
  drawDays();
  if (simulator) setDay(day);
}

function complain(name) {
  const place = document.querySelector('#trouble');
  place.dataset.text = name;
  place.textContent = TEXTS[language][name];
  place.hidden = false;
}

function radio(group, value, checked, pick) {
  const label = document.createElement('label');
  const input = document.createElement('input');
  Object.assign(input, { type: 'radio', name: group, value, checked });
  input.addEventListener('change', pick);
  label.append(input);
  return label;
}

function part(kind, text) {
  const node = document.createElement('span');
  node.className = kind;
  node.textContent = text;
  return node;
}

await begin();
