/* One virtual phone. The server tells what is on it after each thing that happens; the page only
   draws that and sends back what the person does. */

import { close as closeMenu, drawMenu, startMenu } from "./hand.js";
import { follow } from "./live.js";
import { listScenarios } from "./scenarios.js";
import { drawSide, startSide } from "./side.js";
import { call, element } from "./talk.js";
import { WORDS } from "./words.js";

const PIN_DIGITS = 4;
const FEW_SECONDS = 10;
const DEFAULT_NUMBER = "254712345678";
const NAIROBI = { timeZone: "Africa/Nairobi" };

const query = new URLSearchParams(location.search);
const number = /^254[17]\d{8}$/.test(query.get("number") ?? "") ? query.get("number") : DEFAULT_NUMBER;
const api = `/_simulator/phones/${number}`;
const at = (id) => document.getElementById(id);

let phone = null;
let skewSeconds = 0;
let answered = null;
let newest = null;
let bannerTimer = 0;
let toastTimer = 0;

document.body.classList.toggle("embedded", query.get("embed") === "1");
document.title = `Phone ${number}`;

/* Talking to the simulator */

async function change(settings) {
  try {
    draw(await call("PATCH", api, settings));
  } catch (error) {
    toast(error.message);
  }
}

async function payByHand(order) {
  toast(words().waiting);
  try {
    await call("POST", `${api}/pay`, order);
  } catch (error) {
    toast(error instanceof TypeError ? "The simulator does not answer." : error.message);
  }
}

async function answer(action, pin) {
  const prompt = phone?.prompt;
  if (!prompt || answered === prompt.checkout_request_id) return;
  answered = prompt.checkout_request_id;
  drawPrompt();
  if (action === "pin") toast(words().waiting);
  try {
    await call("POST", `/_simulator/prompts/${prompt.checkout_request_id}/answer`, { action, pin });
  } catch (error) {
    const isUnreached = error instanceof TypeError; // fetch failed: the person may try again
    if (isUnreached) answered = null;
    drawPrompt();
    toast(isUnreached ? "The simulator does not answer." : words().gone);
  }
}

/* Drawing */

function words() {
  return WORDS[phone?.language] ?? WORDS.en;
}

function draw(document_) {
  const before = phone;
  phone = document_;
  skewSeconds = phone.now - Date.now() / 1000;
  drawHome();
  drawInbox();
  drawMenu();
  if (!phone.is_on) closeMenu();
  drawPrompt();
  drawSide(phone);
  at("off").hidden = phone.is_on;
  announce(before);
}

function drawHome() {
  document.documentElement.lang = phone.language;
  at("wallet-label").textContent = words().balance;
  at("inbox-title").textContent = words().inbox;
  at("number").textContent = `+${number.slice(0, 3)} ${number.slice(3, 6)} ${number.slice(6, 9)} ${number.slice(9)}`;
  const amount = phone.balance_kes.toLocaleString("en-KE");
  at("balance").replaceChildren(element("small", "Ksh"), `${amount}.00`);
  at("says").textContent = phone.is_locked
    ? "The PIN is locked."
    : phone.says && document.body.classList.contains("embedded") ? "" : phone.says ? `This test number ${phone.says}.` : "";
}

function drawInbox() {
  const messages = phone.messages.toReversed().map((message) => {
    const item = element("li");
    const head = element("header");
    const time = new Date(message.at * 1000).toLocaleTimeString("en-GB", { ...NAIROBI, hour: "2-digit", minute: "2-digit" });
    head.append(element("b", message.sender), element("span", time));
    item.classList.toggle("failed", /^(Failed|Imefeli)/.test(message.text));
    item.append(head, message.text);
    return item;
  });
  if (!messages.length) {
    const empty = element("li", words().empty);
    empty.className = "empty";
    messages.push(empty);
  }
  at("inbox").replaceChildren(...messages);
  at("message-count").textContent = phone.messages.length || "";
}

function drawPrompt() {
  const prompt = phone.prompt;
  const isOpen = Boolean(prompt) && answered !== prompt.checkout_request_id && phone.is_on;
  const wasOpen = !at("veil").hidden;
  document.body.classList.toggle("prompting", isOpen);
  at("ignore").disabled = !isOpen;
  at("home").inert = isOpen;
  at("menu").inert = isOpen;
  at("veil").hidden = !isOpen;
  if (!isOpen) return;
  const text = words();
  at("prompt-text").textContent = prompt.text[phone.language] ?? prompt.text.en;
  at("label-merchant").textContent = text.merchant;
  at("merchant").textContent = prompt.merchant;
  at("label-reference").textContent = prompt.till ? text.till : text.reference;
  at("reference").textContent = prompt.till ?? prompt.reference;
  at("label-amount").textContent = text.amount;
  at("amount").textContent = `Ksh ${prompt.amount_kes.toLocaleString("en-KE")}`;
  at("pin-label").textContent = text.pin;
  at("send").textContent = text.send;
  at("cancel").textContent = text.cancel;
  if (!wasOpen) openPrompt();
}

function openPrompt() {
  setPin("");
  at("banner").hidden = true;
  at("toast").hidden = true;
  tick();
  const isAlone = !document.body.classList.contains("embedded");
  if (isAlone || document.hasFocus()) at("pin").focus({ preventScroll: true });
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([180, 90, 180]);
}

function announce(before) {
  const last = phone.messages.at(-1);
  const key = last ? `${last.at} ${last.text}` : "";
  if (newest !== null && key && key !== newest) showBanner(last.text);
  newest = key;
  const isGone = before?.prompt && !phone.prompt && answered !== before.prompt.checkout_request_id;
  if (isGone && !phone.is_busy && at("banner").hidden) toast(words().gone);
}

function showBanner(text) {
  at("toast").hidden = true;
  at("banner-text").textContent = text;
  at("banner").hidden = false;
  clearTimeout(bannerTimer);
  bannerTimer = setTimeout(() => { at("banner").hidden = true; }, 6000);
}

function toast(text) {
  at("toast").textContent = text;
  at("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { at("toast").hidden = true; }, 4000);
}

function tick() {
  const now = new Date(Date.now() + skewSeconds * 1000);
  const time = now.toLocaleTimeString("en-GB", { ...NAIROBI, hour: "2-digit", minute: "2-digit" });
  at("clock").textContent = time;
  at("small-clock").textContent = time;
  const locale = phone?.language === "sw" ? "sw" : "en-GB";
  at("date").textContent = now.toLocaleDateString(locale, { ...NAIROBI, weekday: "long", day: "numeric", month: "long" });
  const left = phone?.prompt ? Math.max(0, Math.ceil(phone.prompt.expires_at - now / 1000)) : 0;
  at("seconds").textContent = `${left} s`;
  at("seconds").classList.toggle("few", left <= FEW_SECONDS);
}

/* The PIN */

function setPin(digits) {
  at("pin").value = digits.replace(/\D/g, "").slice(0, PIN_DIGITS);
  const count = at("pin").value.length;
  [...at("dots").children].forEach((dot, index) => dot.classList.toggle("full", index < count));
  at("send").disabled = count < PIN_DIGITS;
}

function pressKey(key) {
  const pin = at("pin").value;
  if (key === "erase") setPin(pin.slice(0, -1));
  else if (key === "clear") setPin("");
  else setPin(pin + key);
}

function buildKeys() {
  const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "clear", "0", "erase"];
  for (const key of keys) {
    const button = element("button", key === "erase" ? "⌫" : key === "clear" ? "C" : key);
    button.type = "button";
    button.tabIndex = -1; // a keyboard types into the field itself
    button.dataset.key = key;
    button.classList.toggle("quiet", key === "erase" || key === "clear");
    button.addEventListener("click", () => pressKey(key));
    at("keys").append(button);
  }
}

function submitPin(event) {
  event.preventDefault();
  const pin = at("pin").value;
  if (pin.length === PIN_DIGITS) {
    answer("pin", pin);
    return;
  }
  const field = at("pin").parentElement;
  field.classList.add("wrong");
  field.addEventListener("animationend", () => field.classList.remove("wrong"), { once: true });
  toast(words().four);
}

/** Digits reach the PIN wherever the focus is inside the phone; Tab stays within the prompt. */
function pressed(event) {
  if (at("veil").hidden || event.ctrlKey || event.metaKey || event.altKey) return;
  const isInSide = at("side").contains(document.activeElement);
  if (event.key === "Escape") {
    event.preventDefault();
    answer("cancel");
  } else if (/^\d$/.test(event.key) && !isInSide && document.activeElement !== at("pin")) {
    pressKey(event.key);
    at("pin").focus();
  } else if (event.key === "Tab" && !isInSide) {
    keepInPrompt(event);
  }
}

function keepInPrompt(event) {
  const stops = [at("pin"), at("cancel"), at("send")].filter((stop) => !stop.disabled);
  const here = stops.indexOf(document.activeElement);
  const next = (here + (event.shiftKey ? -1 : 1) + stops.length) % stops.length;
  event.preventDefault();
  stops[next].focus();
}

function listen() {
  at("prompt").addEventListener("submit", submitPin);
  at("cancel").addEventListener("click", () => answer("cancel"));
  at("pin").addEventListener("input", () => setPin(at("pin").value));
  document.addEventListener("keydown", pressed);
}

buildKeys();
listen();
startMenu(words, payByHand);
startSide(number, change, answer);
tick();
setInterval(tick, 500);
follow({
  path: () => `${api}/events`,
  tell: draw,
  state: (isThere) => { at("offline").hidden = isThere; },
  prefersSocket: query.get("live") === "socket",
});
await listScenarios(at("scenario"), at("known"));
if (phone) drawSide(phone);
