/** Types of mpesa-client.js. The explanation is in docs/frontend.md. */

export interface PaymentRequest {
  /** Any accepted form: 07.., 01.., 7.., 1.., 254.., +254.. */
  phone_number: string;
  /** Whole Kenyan shillings, equal to the booking's price. */
  amount: number;
  booking_id: string | number;
  account_reference?: string;
  transaction_desc?: string;
}

/** What the status route answers. Dates are ISO 8601 with +03:00. */
export interface PaymentStatus {
  payment_id: string;
  booking_id: string | number;
  /** The phone that was asked, as 2547*****678. */
  masked_phone_number: string;
  CheckoutRequestID: string | null;
  MerchantRequestID: string | null;
  ResultCode: string | null;
  ResultDesc: string | null;
  status: 'pending' | 'completed' | 'failed' | 'cancelled';
  detail: string;
  mpesa_receipt_number: string | null;
  amount: number;
  currency: 'KES';
  transaction_date: string | null;
  created_at: string;
  customer_message: string;
  /** How far owed money is on its way back; null where none is owed. */
  refund: { state: "owed" | "requested" | "sent" | "needs_person" | "returned"; receipt_number: string | null } | null;
  actions: Array<'try_again' | 'other_number' | 'check_again' | 'claim_receipt'>;
  can_retry: boolean;
  can_retry_at: string | null;
  /** How to pay by hand; null unless no prompt can be open and no outcome is unknown. */
  manual_payment: string | null;
  manual_payment_details: ManualPaymentDetails | null;
  poll_after_seconds: number | null;
  /** For how long the phone probably still asks; null where that is over or unknown. */
  prompt_seconds_left: number | null;
}

export interface ManualPaymentDetails {
  channel: 'paybill' | 'till';
  number: string;
  account_reference: string | null;
  /** Whole Kenyan shillings. */
  amount: number;
}

/** What the stk-push route answers with 200 or 202. */
export interface PushAnswer {
  success: true;
  payment_id: string;
  CheckoutRequestID: string;
  MerchantRequestID: string | null;
  ResponseCode: string;
  ResponseDescription: string;
  CustomerMessage: string;
  status: PaymentStatus['status'];
  status_url: string;
  poll_after_seconds: number | null;
  prompt_seconds_left: number | null;
}

export interface Booking {
  booking_id: string;
  client_id: string;
  price_kes: number;
  status: 'Pending' | 'Confirmed' | 'Cancelled';
  payment_status: 'Unpaid' | 'Pending' | 'Paid' | 'Failed';
  active_payment_id: string | null;
  paid_payment_id: string | null;
}

/** Progress, as often as something is known. `resumed`: this payment was asked for earlier. */
export type PaymentUpdate = { booking_id?: string; resumed: boolean } & (
  | { phase: 'sending' }
  | { phase: 'waiting'; payment_id: string; payment: PaymentStatus | null; prompt_seconds_left?: number | null }
  | { phase: 'reconnecting'; payment_id?: string; payment?: PaymentStatus | null }
);

interface Described {
  payment_id: string;
  payment: PaymentStatus;
  customer_message: string;
  receipt_number: string | null;
  can_retry: boolean;
  /** When a new try becomes possible; null if that is now or not known. */
  can_retry_at: string | null;
}

/** Paid; the booking is confirmed. The receipt may follow a little later (null until then). */
export interface Completed extends Described { outcome: 'completed'; success: true }
/** No money moved, as far as is known. `can_retry` and `can_retry_at` say whether and when to offer a new try. */
export interface Failed extends Described { outcome: 'failed'; success: false }
/** Money arrived, but something does not match; a person decides. Do not pay again. */
export interface UnderReview extends Described { outcome: 'review'; success: false }
/** Money arrived for a booking that cannot be paid any more; it goes back. */
export interface RefundDue extends Described { outcome: 'refund_due'; success: false }
/** No result within the wait. Not a failure: "check again" is `resumePayment(booking_id)`. */
export interface StillPending extends Described { outcome: 'pending'; success: false }

/** The service said no. With a payment_id the payment exists and only reading it was refused. */
export interface Refused {
  outcome: 'refused';
  success: false;
  payment_id: string | null;
  payment: PaymentStatus | null;
  /** The API's machine word, `invalid_phone_number`, or `http_<status>`. */
  code: string;
  error: string;
  http_status: number;
  retry_after_seconds: number | null;
  /** With `too_many_prompts`: another number helps only against the phone's limit. */
  limited_by: 'phone' | 'account' | null;
}

/** No answer came. Pressing Pay again is safe: it finds the payment, if the request had arrived. */
export interface Offline {
  outcome: 'offline';
  success: false;
  payment_id: string | null;
  payment: null;
  code: 'offline';
  error: string;
}

export type Outcome = Completed | Failed | UnderReview | RefundDue | StillPending | Refused | Offline;

export interface PaymentOptions {
  onUpdate?: (update: PaymentUpdate) => void;
  /** Aborting rejects with the signal's reason. The payment itself goes on and can be resumed. */
  signal?: AbortSignal;
  /** How long to wait for a result before settling as pending: 60. With 0 there is one look. */
  waitSeconds?: number;
}

export interface ClientClock {
  now(): number;
  setTimeout(work: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
}

export interface ClientOptions {
  /** The API's address without a trailing path; empty for the page's own origin. */
  baseUrl?: string;
  /** A JWT, or a function that gives one; it is called with `expired: true` after a 401. */
  token?: string | ((hint: { expired: boolean }) => string | Promise<string>) | null;
  /** Sent as Accept-Language; the customer's sentences come in it. */
  language?: 'en' | 'sw' | (() => 'en' | 'sw');
  fetch?: typeof fetch;
  storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  clock?: ClientClock;
  page?: EventTarget & { readonly hidden: boolean };
  network?: EventTarget;
}

export interface MpesaClient {
  formatPhoneNumber(phone: string): string;
  isValidMpesaPhone(phone: string): boolean;
  /** Pays, or finishes the payment that the booking already has. Rejects only when aborted. */
  processPayment(request: PaymentRequest, options?: PaymentOptions): Promise<Outcome>;
  /** Finishes the payment that the booking already has; null where there is none. "Check again" is this. */
  resumePayment(bookingId: string | number, options?: PaymentOptions): Promise<Outcome | null>;
  /** Throws MpesaError. */
  readBooking(bookingId: string | number, options?: { signal?: AbortSignal }): Promise<Booking>;
  /** One push, without waiting for its result. Throws MpesaError. */
  initiateSTKPush(request: PaymentRequest): Promise<PushAnswer>;
  /** One look at a payment, by payment_id or CheckoutRequestID. Throws MpesaError. */
  checkPaymentStatus(id: string): Promise<PaymentStatus>;
  /**
   * "I have paid": names the receipt of a payment whose `actions` hold `claim_receipt`. The answer is alike for
   * known and unknown receipts; look at the payment again. Throws MpesaError.
   */
  claimReceipt(paymentId: string, receiptNumber: string): Promise<void>;
  /** Looks until the payment has an outcome or the wait is over. */
  pollPaymentStatus(id: string, options?: PaymentOptions): Promise<Outcome>;
}

export class MpesaError extends Error {
  code: string;
  http_status?: number;
  retry_after_seconds?: number | null;
  payment_id: string | null;
}

export function createMpesaClient(options?: ClientOptions): MpesaClient;

/** Sets what the functions below use. Without it: the page's own origin and no token. */
export function configure(options: ClientOptions): void;
export const formatPhoneNumber: MpesaClient['formatPhoneNumber'];
export const isValidMpesaPhone: MpesaClient['isValidMpesaPhone'];
export const processPayment: MpesaClient['processPayment'];
export const resumePayment: MpesaClient['resumePayment'];
export const initiateSTKPush: MpesaClient['initiateSTKPush'];
export const checkPaymentStatus: MpesaClient['checkPaymentStatus'];
export const pollPaymentStatus: MpesaClient['pollPaymentStatus'];
