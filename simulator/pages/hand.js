/* Lipa na M-PESA on the phone: a person pays a paybill or a till by hand, right or wrong.

   One question at a time, as on a real SIM; what is typed is sent as it is typed, spaces too. */

import { call, element } from "./talk.js";

const QUESTIONS = { paybill: ["number", "account", "amount", "pin"], till: ["number", "amount", "pin"] };
const FIELDS = {
  number: { inputMode: "numeric", maxLength: 10, required: true, pattern: "[0-9]+" },
  account: { inputMode: "text", maxLength: 40, required: false, pattern: ".*" },
  amount: { inputMode: "numeric", maxLength: 7, required: true, pattern: "[1-9][0-9]*" },
  pin: { inputMode: "numeric", maxLength: 4, required: true, pattern: "[0-9]{4}" },
};
const at = (id) => document.getElementById(id);

let kind = null;
let step = 0;
let typed = {};
let businesses = [];
let words = null;
let send = null;

/** Makes the menu work. `wordsNow` gives the phone's language, `pay` sends what was typed. */
export function startMenu(wordsNow, pay) {
  words = wordsNow;
  send = pay;
  at("pay").addEventListener("click", open);
  at("menu-back").addEventListener("click", back);
  at("menu").addEventListener("submit", forward);
  at("menu").addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  for (const button of document.querySelectorAll("[data-kind]")) {
    button.addEventListener("click", () => choose(button.dataset.kind));
  }
}

/** Closes the menu; what was typed is forgotten. */
export function close() {
  if (at("menu").hidden) return;
  at("menu").hidden = true;
  document.body.classList.remove("paying");
  at("menu-field").value = "";
  at("pay").focus({ preventScroll: true });
}

/** Draws the menu again, as after a change of language; what is being typed stays. */
export function drawMenu() {
  const text = words();
  at("pay-label").textContent = text.lipa;
  at("menu-title").textContent = text.lipa;
  at("menu-paybill").textContent = text.paybill;
  at("menu-till").textContent = text.goods;
  if (at("menu").hidden) return;
  const field = at("menu-field");
  const half = field.value;
  drawStep();
  if (!at("menu-ask").hidden) field.value = half;
}

async function open() {
  kind = null;
  at("menu").hidden = false;
  document.body.classList.add("paying");
  drawStep();
  at("menu-kinds").querySelector("button").focus();
  try {
    businesses = (await call("GET", "/_simulator/businesses")).businesses;
  } catch {
    businesses = []; // then the last question shows the number alone
  }
  if (!at("menu-sure").hidden) drawSure();
}

function choose(chosen) {
  kind = chosen;
  step = 0;
  typed = {};
  drawStep();
}

function back() {
  if (kind === null) close();
  else if (step === 0) choose(null);
  else {
    step -= 1;
    drawStep();
  }
}

async function forward(event) {
  event.preventDefault();
  if (kind === null) return;
  const questions = QUESTIONS[kind];
  if (step < questions.length) {
    typed[questions[step]] = at("menu-field").value;
    step += 1;
    drawStep();
    return;
  }
  const order = {
    number: typed.number, amount_kes: Number(typed.amount), pin: typed.pin,
    account: typed.account ?? "", is_till: kind === "till",
  };
  close();
  await send(order);
}

function drawStep() {
  const text = words();
  const question = kind === null ? null : QUESTIONS[kind][step];
  const isLast = kind !== null && question === undefined;
  at("menu-kinds").hidden = kind !== null;
  at("menu-ask").hidden = kind === null || isLast;
  at("menu-sure").hidden = !isLast;
  at("menu-ok").hidden = kind === null;
  at("menu-ok").textContent = isLast ? text.send : text.ok;
  at("menu-back").textContent = kind === null ? text.close : text.back;
  at("menu-path").textContent = kind === null ? "" : kind === "till" ? text.goods : text.paybill;
  if (isLast) drawSure();
  else if (question) drawQuestion(question);
}

function drawQuestion(question) {
  const text = words();
  const field = at("menu-field");
  const label = question === "number" && kind === "till" ? text.tillNumber : text.ask[question];
  at("menu-label").textContent = label;
  Object.assign(field, FIELDS[question], { type: question === "pin" ? "password" : "text" });
  field.value = question === "pin" ? "" : typed[question] ?? "";
  field.focus();
  field.select();
}

function drawSure() {
  const text = words();
  const payee = businesses.find((each) => each.number === typed.number && each.is_till === (kind === "till"));
  const rows = [
    [text.merchant, payee ? payee.name : text.noName],
    [kind === "till" ? text.tillNumber : text.ask.number, typed.number],
    ...(kind === "till" ? [] : [[text.ask.account, typed.account]]),
    [text.amount, `Ksh ${Number(typed.amount).toLocaleString("en-KE")}`],
  ];
  at("menu-facts").replaceChildren(...rows.map(([name, value]) => {
    const row = element("div");
    row.append(element("dt", name), element("dd", value));
    return row;
  }));
  at("menu-ok").focus();
}
