/** The Daraja simulator as the demo uses it: phones, the ledger, and the journal as it grows. */

export class Simulator {
  #base;
  #stream = null;
  #aheadMilliseconds = 0;

  constructor(base) {
    this.#base = base;
  }

  /** The simulator's present: its clock may have been moved. Units: milliseconds since 1970. */
  now() {
    return Date.now() + this.#aheadMilliseconds;
  }

  phonePage(number, language) {
    const query = new URLSearchParams({ number, embed: '1', lang: language });
    return `${this.#base}/phone?${query}`;
  }

  /** Gives the phone's document, after its settings were changed. */
  async setPhone(number, settings) {
    const document_ = await this.#call(`/phones/${number}`, { method: 'PATCH', body: JSON.stringify(settings) });
    this.#aheadMilliseconds = document_.now * 1000 - Date.now();
    return document_;
  }

  /** The customer pays a paybill on the phone: no prompt, no checkout. */
  payByHand(number, { paybill, account, amountKes }) {
    const order = { number: paybill, account, amount_kes: amountKes };
    return this.#call(`/phones/${number}/pay`, { method: 'POST', body: JSON.stringify(order) });
  }

  /** What the ledger holds in this phone's wallet. Units: KES. */
  async walletKes(number) {
    return (await this.#call('/ledger')).wallets[number];
  }

  /** What has happened to one prompt so far. */
  async journalOf(checkoutRequestId) {
    const query = new URLSearchParams({ checkout_request_id: checkoutRequestId });
    return (await this.#call(`/journal?${query}`)).entries;
  }

  /** Calls `hear` with every journal entry from now on; a broken stream is taken up again by the browser. */
  async follow(hear) {
    const health = await this.#call('/health');
    this.#stream?.close();
    this.#stream = new EventSource(`${this.#base}/_simulator/events?after=${health.last_sequence}`);
    this.#stream.onmessage = (message) => {
      const entry = JSON.parse(message.data);
      if (entry) hear(entry);
    };
  }

  async #call(path, options = {}) {
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(`${this.#base}/_simulator${path}`, { headers, cache: 'no-store', ...options });
    if (!response.ok) throw new Error(`The simulator answered ${response.status}.`);
    return response.json();
  }
}
