/* Shows the API's description, and gives each call the token of whoever is chosen. */

const SCHEME = "bearerToken";
const at = (id) => document.getElementById(id);

async function begin() {
  const config = await (await fetch("/demo/config.json", { cache: "no-store" })).json();
  at("client").textContent = config.clientId;
  at("phone").hidden = !config.simulatorBase;
  const ui = window.SwaggerUIBundle({
    url: "/docs/openapi.json",
    dom_id: "#api",
    docExpansion: "list",
    defaultModelsExpandDepth: -1,
    tryItOutEnabled: true,
    onComplete: () => authorize(),
  });
  const authorize = () => {
    const { value } = document.querySelector("#callers :checked");
    ui.preauthorizeApiKey(SCHEME, config[value]);
  };
  at("callers").addEventListener("change", authorize);
}

/* What Swagger UI leaves without a name, a place among the headings, or a way to reach it by keyboard. */
function mend() {
  const all = (selector) => at("api").querySelectorAll(selector);
  const set = (selector, name, value) => {
    for (const node of all(selector)) {
      const text = typeof value === "function" ? value(node) : value;
      if (node.getAttribute(name) !== text) node.setAttribute(name, text);
    }
  };
  const operation = (node) => node.closest(".opblock")?.querySelector(".opblock-summary-path")?.textContent ?? "";
  set(".information-container", "role", "region");
  set(".information-container", "aria-label", "About the API");
  set("h3", "aria-level", "2");
  set("h4", "aria-level", "3");
  set("h5", "aria-level", "4");
  set("textarea", "aria-label", "Request body");
  set("select", "aria-label", "Example");
  set("pre", "tabindex", "0");
  set("table[role=region]", "aria-label", (node) => `Responses of ${operation(node)} ${node.id}`);
}

new MutationObserver(mend).observe(at("api"), { childList: true, subtree: true });
begin().catch(() => {
  at("trouble").hidden = false;
});
