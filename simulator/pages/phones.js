/* Several phones side by side; which ones is kept in the address, so it can be shared. */

const DEFAULT_NUMBERS = ["254712345678", "254708374149", "254700000001"];
const at = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search).get("numbers");
const numbers = (asked ? asked.split(",") : DEFAULT_NUMBERS).filter((each) => /^254[17]\d{8}$/.test(each));

function remember() {
  history.replaceState(null, "", `?numbers=${numbers.join(",")}`);
}

function add(number) {
  const frame = document.createElement("iframe");
  frame.src = `/phone?number=${number}&embed=1&live=socket`;
  frame.title = `Phone ${number}`;
  const caption = document.createElement("figcaption");
  const link = Object.assign(document.createElement("a"), { href: `/phone?number=${number}`, textContent: number });
  const remove = Object.assign(document.createElement("button"), { type: "button", className: "soft", textContent: "Remove" });
  caption.append(link, remove);
  const figure = document.createElement("figure");
  figure.append(frame, caption);
  remove.addEventListener("click", () => {
    numbers.splice(numbers.indexOf(number), 1);
    figure.remove();
    remember();
  });
  at("phones").append(figure);
}

at("add").addEventListener("submit", (event) => {
  event.preventDefault();
  const number = at("number").value;
  if (!numbers.includes(number)) {
    numbers.push(number);
    add(number);
    remember();
  }
  at("number").value = "";
});
numbers.forEach(add);
