/** Types of mpesa-checkout.js. The explanation is in docs/frontend.md. */
import type { ClientOptions, Outcome, PaymentUpdate } from './mpesa-client.js';

export class MpesaCheckout extends HTMLElement {
  /** A JWT, or a function that gives one; called with `{expired: true}` when the last one was refused. */
  token: ClientOptions['token'];
}

declare global {
  interface HTMLElementTagNameMap {
    'mpesa-checkout': MpesaCheckout;
  }
  interface HTMLElementEventMap {
    'mpesa-update': CustomEvent<PaymentUpdate>;
    'mpesa-outcome': CustomEvent<Outcome>;
    'mpesa-completed': CustomEvent<Extract<Outcome, { outcome: 'completed' }>>;
  }
}
