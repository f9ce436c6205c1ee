/** The Daraja simulator as the demo window uses it: the phone, the day, and the journal as it grows. */

/** Each day as the phone's settings. Only the person or the network is odd; Hakika does not know. */
export const DAYS = {
  normal: { scenario: 'normal', is_on: true },
  callback_lost: { scenario: 'callback_lost', is_on: true },
  callback_late: { scenario: { name: 'callback_late', callback_seconds: 20 }, is_on: true },
  cancels: { scenario: 'cancels', is_on: true },
  wrong_pin: { scenario: 'wrong_pin', is_on: true },
  offline: { scenario: 'normal', is_on: false },
  answer_lost: { scenario: 'push_reset', is_on: true },
};

export class Simulator {
  #base;
  #stream = null;

  constructor(base) {
    this.#base = base;
  }

  phonePage(number, language) {
    const query = new URLSearchParams({ number, embed: '1', lang: language });
    return `${this.#base}/phone?${query}`;
  }

  /** Gives the phone's document, after its settings were changed. */
  async setPhone(number, settings) {
    const response = await fetch(`${this.#base}/_simulator/phones/${number}`, {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(settings),
    });
    if (!response.ok) throw new Error(`The simulator answered ${response.status}.`);
    return response.json();
  }

  /** What has happened to one prompt so far. */
  async journalOf(checkoutRequestId) {
    const query = new URLSearchParams({ checkout_request_id: checkoutRequestId });
    return (await (await fetch(`${this.#base}/_simulator/journal?${query}`)).json()).entries;
  }

  /** Calls `hear` with every journal entry from now on; a broken stream is taken up again by the browser. */
  async follow(hear) {
    const health = await (await fetch(`${this.#base}/_simulator/health`)).json();
    this.#stream?.close();
    this.#stream = new EventSource(`${this.#base}/_simulator/events?after=${health.last_sequence}`);
    this.#stream.onmessage = (message) => {
      const entry = JSON.parse(message.data);
      if (entry) hear(entry);
    };
  }
}
