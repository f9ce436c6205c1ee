/**
 * Packs web/ as `npm pack` does, installs the package into an empty Vite project, and builds the examples of
 * docs/frontend.md there: `node build_examples.js FOLDER`. Nothing is downloaded: Vite, React and Vue are those of
 * this folder.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const NPM = join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
const QUIETLY = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock'];
const USED = ['vite', 'vue', '@vitejs/plugin-vue', 'react', 'react-dom'];
const FILES = { 'Checkout.jsx': 'jsx', 'Checkout.vue': 'vue', 'vite.config.js': 'js' };

// What a page around the example has: the booking and the token come in the address.
const PAGE = (name) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>${name}</title>
<main><h1>${name}</h1><div id="app"></div><p id="paid"></p></main><script type="module" src="/${name}.js"></script></html>`;
const GIVEN = `const given = new URLSearchParams(location.search);
const props = { bookingId: given.get('booking'), label: 'Consultation', getToken: () => given.get('token') };
const paid = (outcome) => { document.querySelector('#paid').textContent = 'paid ' + outcome.payment_id; };
`;
const MAINS = {
  react: `import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { Checkout } from './Checkout.jsx';
${GIVEN}createRoot(document.querySelector('#app')).render(createElement(Checkout, { ...props, onPaid: paid }));`,
  vue: `import { createApp } from 'vue';
import Checkout from './Checkout.vue';
${GIVEN}createApp(Checkout, { ...props, onPaid: paid }).mount('#app');`,
};

const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
const write = (name, text) => writeFileSync(join(folder, name), text);
const run = (...words) => execFileSync(process.execPath, words, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });

/** The example of the document that begins with its own file name. */
function example(name) {
  const text = readFileSync(join(HERE, '../../docs/frontend.md'), 'utf8');
  const blocks = [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)];
  const found = blocks.find(([, language, code]) => language === FILES[name] && code.slice(0, 40).includes(name));
  if (!found) throw new Error(`docs/frontend.md has no ${name}`);
  return found[2];
}

write('package.json', JSON.stringify({ name: 'shop', private: true, type: 'module' }));
const [{ filename, files }] = JSON.parse(run(NPM, 'pack', join(HERE, '../../web'), '--json', '--ignore-scripts'));
run(NPM, 'install', `./${filename}`, ...QUIETLY);
mkdirSync(join(folder, 'node_modules', '@vitejs'), { recursive: true });
for (const name of USED) symlinkSync(join(HERE, 'node_modules', name), join(folder, 'node_modules', name));
for (const name of Object.keys(FILES)) write(name, example(name));
for (const [name, main] of Object.entries(MAINS)) {
  write(`${name}.html`, PAGE(name));
  write(`${name}.js`, main);
}
write('build.js', `import { build } from 'vite';
import config from './vite.config.js';
const input = ${JSON.stringify(Object.keys(MAINS).map((name) => `${name}.html`))};
process.env.VITE_API_URL = '';
await build({ ...config, configFile: false, logLevel: 'warn', build: { rollupOptions: { input } } });`);
run('build.js');
console.log(JSON.stringify({ packed: files.map(({ path }) => path) }));
