/** Types of mpesa-checkout.js. The explanation is in docs/frontend.md. */
import type { ClientOptions, Outcome, PaymentUpdate } from './mpesa-client.js';

export class MpesaCheckout extends HTMLElement {
  /** A JWT, or a function that gives one; called with `{expired: true}` when the last one was refused. */
  token: ClientOptions['token'];
}

/** Why the checkout cannot start. `message` is for the page's author; it names the attribute or AllowedOrigins. */
export interface Trouble {
  reason: 'booking-id' | 'token' | 'unreachable';
  message: string;
}

declare global {
  interface HTMLElementTagNameMap {
    'mpesa-checkout': MpesaCheckout;
  }
  interface HTMLElementEventMap {
    'mpesa-update': CustomEvent<PaymentUpdate>;
    'mpesa-outcome': CustomEvent<Outcome>;
    'mpesa-trouble': CustomEvent<Trouble>;
    /** The customer does not want to pay now. The prompt may still be open, so the outcome may still come. */
    'mpesa-left': CustomEvent<{ payment_id: string | null }>;
    'mpesa-completed': CustomEvent<Extract<Outcome, { outcome: 'completed' }>>;
  }
}
