/* The control page: a live feed of the journal, and every route of the OpenAPI document to try. */

import { follow } from "./live.js";

const FEED_MAX = 400;
const at = (id) => document.getElementById(id);
const make = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

/* The feed */

const SAYS = {
  request: (e) => `${e.method} ${e.path} → ${e.transport === "ok" ? e.status : e.transport}${e.why ? ` (${e.why})` : ""}${e.scenario && e.scenario !== "normal" ? ` · ${e.scenario}` : ""}`,
  prompt: (e) => `${e.phone}: ${e.what}`,
  result: (e) => `${e.phone}: result ${e.result_code}${e.receipt ? `, receipt ${e.receipt}` : ""}`,
  money: (e) => `KES ${e.amount_kes.toLocaleString("en-KE")} from ${e.phone} to ${e.shortcode} for ${e.reference}, ${e.receipt}`,
  sms: (e) => `${e.phone}: ${e.text}`,
  hand: (e) => `${e.phone} pays KES ${e.amount_kes.toLocaleString("en-KE")} by hand to ${e.number}${e.account ? `, account ${e.account}` : ""}`,
  hand_refused: (e) => `${e.phone} to ${e.number}: refused, ${e.code}`,
  c2b_lost: (e) => `the confirmation of ${e.receipt} is lost`,
  callback_posted: (e) => `to ${e.url}, from ${e.source_ip}, try ${e.attempt}`,
  callback_answered: (e) => `${e.status ?? "no answer"} ${e.body}`,
  control: (e) => `${e.what} ${e.scenario ?? e.phone ?? ""}`,
};
const NAMES = { callback_posted: "callback", callback_answered: "answered", hand: "by hand", hand_refused: "by hand", c2b_lost: "lost" };

function isBad(entry) {
  if (entry.kind === "request") return entry.status >= 400 || entry.transport !== "ok";
  if (entry.kind === "hand_refused" || entry.kind === "c2b_lost") return true;
  return entry.kind === "callback_answered" && !(entry.status >= 200 && entry.status < 300);
}

function show(entry) {
  const time = new Date(entry.at * 1000).toLocaleTimeString("en-GB", { timeZone: "Africa/Nairobi" });
  const text = (SAYS[entry.kind] ?? JSON.stringify)(entry);
  const line = make("li", { title: JSON.stringify(entry, null, 1) },
    make("time", { textContent: time }),
    make("span", { className: `kind ${entry.kind}${isBad(entry) ? " bad" : ""}`, textContent: NAMES[entry.kind] ?? entry.kind }),
    make("span", { textContent: text }));
  line.hidden = !matches(line);
  at("feed").prepend(line);
  while (at("feed").children.length > FEED_MAX) at("feed").lastChild.remove();
}

function matches(line) {
  return line.textContent.toLowerCase().includes(at("filter").value.trim().toLowerCase());
}

let after = 0;

/* The routes */

function field(parameter) {
  const input = make("input", { name: parameter.name, placeholder: parameter.description ?? parameter.name, required: Boolean(parameter.required) });
  return make("label", {}, parameter.name, input);
}

function route(path, verb, operation) {
  const form = make("form");
  const body = operation.requestBody?.content["application/json"].example;
  const area = make("textarea", { value: JSON.stringify(body, null, 2), ariaLabel: "Body" });
  const answer = make("pre", { hidden: true });
  const isStream = "text/event-stream" in operation.responses["200"].content;
  if (operation.description) form.append(make("p", { textContent: operation.description }));
  form.append(...operation.parameters.map(field));
  if (body) form.append(area);
  form.append(make("div", {}, make("button", { textContent: isStream ? "Open" : "Try" })), answer);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const url = address(path, operation.parameters, new FormData(form));
    if (isStream) { open(url, "_blank", "noopener"); return; }
    answer.hidden = false;
    answer.textContent = "…";
    answer.textContent = await send(verb, url, body && area.value);
  });
  const summary = make("summary", {},
    make("b", { className: `verb ${verb}`, textContent: verb }),
    make("code", { className: "path", textContent: path }),
    make("span", { textContent: operation.summary }));
  return make("details", { className: "route" }, summary, form);
}

function address(path, parameters, values) {
  const query = new URLSearchParams();
  let filled = path;
  for (const { name, in: place } of parameters) {
    const value = String(values.get(name) ?? "");
    if (place === "path") filled = filled.replace(`{${name}}`, encodeURIComponent(value));
    else if (value) query.set(name, value);
  }
  return query.size ? `${filled}?${query}` : filled;
}

async function send(verb, url, body) {
  try {
    const response = await fetch(url, { method: verb, body, headers: { "Content-Type": "application/json" } });
    return `${response.status}\n${JSON.stringify(await response.json(), null, 2)}`;
  } catch (error) {
    return String(error);
  }
}

async function listRoutes() {
  const specification = await (await fetch("/_simulator/openapi.json")).json();
  const groups = new Map();
  for (const [path, operations] of Object.entries(specification.paths)) {
    for (const [verb, operation] of Object.entries(operations)) {
      const [group] = operation.tags;
      if (!groups.has(group)) groups.set(group, make("section", {}, make("h2", { textContent: group })));
      groups.get(group).append(route(path, verb.toUpperCase(), operation));
    }
  }
  at("routes").append(...groups.values());
}

at("filter").addEventListener("input", () => {
  for (const line of at("feed").children) line.hidden = !matches(line);
});
at("clear").addEventListener("click", () => at("feed").replaceChildren());

/* Resetting asks first: it forgets payments that a test may still need. */

function askReset(isAsked) {
  at("sure").hidden = !isAsked;
  at(isAsked ? "reset-no" : "reset").focus();
}

at("reset").addEventListener("click", () => askReset(true));
at("reset-no").addEventListener("click", () => askReset(false));
at("reset-yes").addEventListener("click", async () => {
  await send("POST", "/_simulator/reset");
  askReset(false);
});
follow({
  path: () => `/_simulator/events?after=${after}`,
  tell: (entry) => {
    after = entry.sequence;
    show(entry);
  },
});
listRoutes();
