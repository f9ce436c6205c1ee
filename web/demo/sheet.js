/** On a narrow screen the phone is a sheet: it comes into view when it rings, and goes when it was answered. */

const SECONDS_AFTER = 3; // long enough to read the SMS

export class PhoneSheet {
  #sheet = document.querySelector('#phone');
  #timer = 0;

  constructor() {
    document.querySelector('#show-phone').addEventListener('click', () => this.#open(document.querySelector('#hide-phone')));
    document.querySelector('#hide-phone').addEventListener('click', () => this.close(document.querySelector('#show-phone')));
  }

  /** A journal entry of the phone that is shown. */
  hear({ kind, what }) {
    if (kind !== 'prompt') return;
    clearTimeout(this.#timer);
    if (what === 'shown') this.#open();
    else this.#timer = setTimeout(() => this.close(), SECONDS_AFTER * 1000);
  }

  #open(focus) {
    this.#sheet.classList.add('open');
    focus?.focus();
  }

  close(focus) {
    clearTimeout(this.#timer);
    this.#sheet.classList.remove('open');
    focus?.focus();
  }
}
