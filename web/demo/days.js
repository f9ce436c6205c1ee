/**
 * The days that a payment can have, in the order of the chips. A new day is one row here, and its words in texts.js.
 *
 * Shape: `phone` is what the simulator's phone gets; the visitor answers it. `alone` is the scenario where nobody
 * answers, for "Play them all". `turn` is the reason of texts.js that decides this day. `loses` says that the callback
 * never leaves M-PESA. `isSlow`: it waits for the next list of payments, so "Play them all" begins with it. `byHand`:
 * the customer pays the paybill on the phone instead of pressing Pay. `isCancelled`: the clinic cancels the paid
 * booking, and a person must approve the refund at the desk.
 * Only the person or the network is odd; Hakika does not know which day it is.
 */
const LATE = { callback_seconds: 30, twin: 'lost' };
const ALL_LOST = 'push_reset+callback_lost+twin_lost';

export const DAYS = {
  normal: { phone: { scenario: 'normal' }, alone: 'pays', turn: 'callbackPaid' },
  callback_lost: { phone: { scenario: 'callback_lost' }, alone: 'pays+callback_lost', turn: 'confirmationPaid', loses: true },
  callback_late: {
    phone: { scenario: { extends: 'callback_late', ...LATE } },
    alone: { extends: 'pays+callback_late', ...LATE },
    turn: 'callbackAfter',
  },
  answer_lost: { phone: { scenario: 'push_reset' }, alone: 'pays+push_reset', turn: 'pushLost' },
  all_lost: { phone: { scenario: ALL_LOST }, alone: `pays+${ALL_LOST}`, turn: 'pullFound', loses: true, isSlow: true },
  by_hand: { phone: { scenario: 'normal' }, turn: 'byHandPaid', byHand: true },
  cancels: { phone: { scenario: 'cancels' }, turn: 'callbackFailed' },
  wrong_pin: { phone: { scenario: 'wrong_pin' }, turn: 'callbackFailed' },
  offline: { phone: { scenario: 'normal', is_on: false }, turn: 'callbackUnreached' },
  refund: { phone: { scenario: 'normal' }, alone: 'pays', turn: 'refundTwo', isCancelled: true },
};

/** What the simulator's phone is set to on this day. */
export function phoneSettings(name, { isAlone }) {
  const { phone, alone = phone.scenario } = DAYS[name];
  return { is_on: true, ...phone, scenario: isAlone ? alone : phone.scenario };
}
