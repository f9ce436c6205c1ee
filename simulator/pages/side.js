/* The panel beside the phone: which number, its scenario, its money, its language, on or off. */

const at = (id) => document.getElementById(id);

let phone = null;

/** Makes the panel work. `change` sends settings of the phone, `answer` what the person does. */
export function startSide(number, change, answer) {
  at("choose-number").value = number;
  at("choose").addEventListener("submit", choose);
  at("side-toggle").addEventListener("click", toggleSide);
  at("ignore").addEventListener("click", () => answer("ignore"));
  at("power").addEventListener("click", () => change({ is_on: !phone.is_on }));
  at("off").addEventListener("click", () => change({ is_on: true }));
  at("unlock").addEventListener("click", () => change({ is_locked: false }));
  at("scenario").addEventListener("change", () => change({ scenario: at("scenario").value }));
  at("money-form").addEventListener("submit", (event) => {
    event.preventDefault();
    change({ balance_kes: Number(at("money").value) });
  });
  for (const button of document.querySelectorAll("[data-money]")) {
    button.addEventListener("click", () => change({ balance_kes: Number(button.dataset.money) }));
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => change({ language: button.dataset.language }));
  }
}

/** Draws what this phone is. */
export function drawSide(current) {
  phone = current;
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === phone.language));
  }
  at("power").textContent = phone.is_on ? "Switch off" : "Switch on";
  at("unlock").hidden = !phone.is_locked;
  at("pin-hint").textContent = phone.pin;
  if (document.activeElement !== at("money")) at("money").value = phone.balance_kes;
  const name = typeof phone.scenario === "string" ? phone.scenario : "custom";
  const select = at("scenario");
  if (![...select.options].some((option) => option.value === name)) select.add(new Option(name, name));
  select.value = name;
  at("scenario-says").textContent = select.selectedOptions[0]?.dataset.says ?? "";
}

/** Says what changed since the last look: a new message, or a prompt that went away by itself. */

function choose(event) {
  event.preventDefault();
  location.search = new URLSearchParams({ number: at("choose-number").value }).toString();
}

function toggleSide() {
  const isOpen = at("side").classList.toggle("open");
  at("side-toggle").setAttribute("aria-expanded", String(isOpen));
  at("side-toggle").textContent = isOpen ? "Close" : "This phone";
}
