/** The playground: settings become attributes and variables of one element; its events and its page are shown. */
import { COLOURS } from '../checkout/style.js';

const ATTRIBUTES = ['booking-id', 'api-base', 'token', 'label', 'amount', 'phone', 'success-url', 'account-reference'];
const EVENTS = ['mpesa-update', 'mpesa-outcome', 'mpesa-completed', 'mpesa-trouble', 'mpesa-left'];
const EVENTS_MAX = 100;
const at = (id) => document.getElementById(id);
const checkout = document.createElement('mpesa-checkout');
const settings = {}; // attribute -> value
const colours = {}; // variable -> value, where it is not the element's own
let config = null; // of the local stack

async function begin() {
  for (const name of ATTRIBUTES) at('attributes').append(field(name, 'text', (value) => set(name, value)));
  choices('languages', 'lang', { English: 'en', Kiswahili: 'sw' });
  choices('themes', 'theme', { 'as the device': '', light: 'light', dark: 'dark' });
  drawColours();
  at('own-colours').addEventListener('click', forgetColours);
  at('settings').addEventListener('submit', (event) => event.preventDefault());
  at('clear').addEventListener('click', () => at('events').replaceChildren());
  at('copy').addEventListener('click', copyPage);
  at('fresh').addEventListener('click', freshBooking);
  for (const kind of EVENTS) checkout.addEventListener(kind, hear);
  set('label', 'Consultation with Dr. Achieng');
  await useLocalStack();
  at('stage').append(checkout);
}

// --- settings

function field(name, type, change) {
  const label = document.createElement('label');
  const input = Object.assign(document.createElement('input'), { type, name, spellcheck: false, autocomplete: 'off' });
  input.addEventListener('input', () => change(input.value));
  label.append(name, input);
  return label;
}

function choices(place, name, options) {
  for (const [text, value] of Object.entries(options)) {
    const label = field(name, 'radio', () => set(name, value));
    label.replaceChildren(label.querySelector('input'), text);
    label.querySelector('input').checked = value === Object.values(options)[0];
    at(place).append(label);
  }
}

/** An empty attribute is left out, as in a page that does not name it. */
function set(name, value) {
  settings[name] = value;
  if (value) checkout.setAttribute(name, value);
  else checkout.removeAttribute(name);
  const input = document.querySelector(`#attributes input[name="${name}"]`);
  if (input && input.value !== value) input.value = value;
  drawPage();
}

function drawColours() {
  const night = matchMedia('(prefers-color-scheme: dark)').matches ? 1 : 0;
  at('colours').replaceChildren(...Object.keys(COLOURS).map((name) => {
    const label = field(name, 'color', (value) => {
      colours[`--mpesa-${name}`] = value;
      checkout.style.setProperty(`--mpesa-${name}`, value);
      drawPage();
    });
    const input = label.querySelector('input');
    input.value = COLOURS[name][night].replace(/^#(.)(.)(.)$/, '#$1$1$2$2$3$3');
    label.replaceChildren(input, name);
    return label;
  }));
}

function forgetColours() {
  for (const name of Object.keys(colours)) {
    delete colours[name];
    checkout.style.removeProperty(name);
  }
  drawColours();
  drawPage();
}

// --- a booking of the local stack

async function useLocalStack() {
  try {
    const response = await fetch('/demo/config.json', { cache: 'no-store' });
    config = await response.json();
  } catch {
    at('trouble').hidden = false;
    return;
  }
  set('api-base', config.apiBase);
  set('token', config.token);
  set('phone', `0${String(crypto.getRandomValues(new Uint32Array(1))[0] % 1e8 + 7e8)}`);
  if (config.simulatorBase !== null && config.simulatorBase !== undefined) {
    at('phone').href = `${config.simulatorBase}/phone?number=254${settings.phone.slice(1)}`;
    at('phone').hidden = false;
  }
  at('fresh').hidden = !config.bookingsToken;
  if (config.bookingsToken) await freshBooking();
}

async function freshBooking() {
  const id = `play-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;
  const response = await fetch(`${config.apiBase}/api/consultations/${id}`, {
    method: 'PUT',
    headers: { Authorization: `Bearer ${config.bookingsToken}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ client_id: config.clientId, price_kes: 1500, status: 'Pending' }),
  }).catch(() => null);
  if (response?.ok) set('booking-id', id);
  else at('trouble').hidden = false;
}

// --- what happens, and the page to copy

function hear({ type, detail }) {
  const line = document.createElement('li');
  const name = Object.assign(document.createElement('b'), { textContent: type });
  const said = detail?.outcome ?? detail?.phase ?? detail?.reason ?? '';
  line.className = type === 'mpesa-trouble' ? 'bad' : '';
  line.append(name, ` ${said} ${JSON.stringify(detail)}`);
  at('events').prepend(line);
  if (at('events').children.length > EVENTS_MAX) at('events').lastChild.remove();
}

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');

function drawPage() {
  const named = Object.entries(settings).filter(([, value]) => value);
  const style = Object.entries(colours).map(([name, value]) => `${name}: ${value};`).join(' ');
  const lines = [
    '<!doctype html>',
    `<html lang="${settings.lang ?? 'en'}">`,
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<title>Checkout</title>',
    '<script type="module" src="mpesa-checkout.js"></script>',
    ...(style ? [`<style>mpesa-checkout { ${style} }</style>`] : []),
    '<mpesa-checkout',
    ...named.map(([name, value]) => `  ${name}="${escaped(value)}"`),
    '></mpesa-checkout>',
  ];
  at('snippet').textContent = lines.join('\n');
}

async function copyPage() {
  await navigator.clipboard.writeText(at('snippet').textContent);
  at('copy').textContent = 'Copied';
  setTimeout(() => (at('copy').textContent = 'Copy'), 2000);
}

await begin();
