/** A program that uses the types as a frontend would; compiling it is the test. */
import { createMpesaClient, type Outcome } from '../../web/mpesa-client.js';
import type { MpesaCheckout } from '../../web/mpesa-checkout.js';

const client = createMpesaClient({ baseUrl: 'https://pay.example', token: async ({ expired }) => (expired ? 'a' : 'b') });

export function sentence(outcome: Outcome): string {
  switch (outcome.outcome) {
    case 'completed':
      return outcome.receipt_number ?? 'on its way';
    case 'failed':
      return outcome.can_retry ? outcome.customer_message : `after ${outcome.can_retry_at}`;
    case 'review':
    case 'refund_due':
    case 'pending':
      return outcome.payment.customer_message;
    case 'refused':
      return `${outcome.error} ${outcome.retry_after_seconds ?? 0}`;
    case 'offline':
      return outcome.error;
    default: {
      const impossible: never = outcome;
      return impossible;
    }
  }
}

export async function pay(signal: AbortSignal): Promise<string> {
  const outcome = await client.processPayment(
    { phone_number: '0712345678', amount: 100, booking_id: 7 },
    { signal, onUpdate: (update) => (update.phase === 'waiting' ? update.payment?.status : update.resumed) },
  );
  const later: Outcome | null = await client.resumePayment(7);
  return sentence(later ?? outcome);
}

// @ts-expect-error An amount is a number.
void client.processPayment({ phone_number: '0712345678', amount: '100', booking_id: 7 });
// @ts-expect-error A refusal carries no receipt.
export const wrong = (outcome: Extract<Outcome, { outcome: 'refused' }>) => outcome.receipt_number;

export function listen(checkout: MpesaCheckout): void {
  checkout.token = ({ expired }) => (expired ? 'new' : 'old');
  checkout.addEventListener('mpesa-trouble', ({ detail }) => console.log(detail.reason, detail.message));
  checkout.addEventListener('mpesa-left', ({ detail }) => void client.claimReceipt(detail.payment_id ?? '', 'UKN7RT61SV'));
  checkout.addEventListener('mpesa-completed', ({ detail }) => console.log(detail.receipt_number));
}
