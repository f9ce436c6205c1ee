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
    deepLinking: true,
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

begin().catch(() => {
  at("trouble").hidden = false;
});
