/**
 * From what was heard to steps of the timeline.
 *
 * Shape of a step: `at` in milliseconds, `from` and `to` are lanes (a note has no `to`), `text` and `why` name sentences
 * of texts.js, `values` fills them, `fact` is shown as it is, `kind` is its colour.
 */

export const kes = (amount) => `KES ${Number(amount).toLocaleString('en-KE')}`;

/** What a journal entry of the simulator is in the timeline; null for what does not belong there. */
export function stepOf(entry) {
  switch (entry.kind) {
    case 'request':
      return requestStep(entry);
    case 'prompt':
      return promptStep(entry);
    case 'money':
      return { from: 'mpesa', text: 'paid', values: { amount: kes(entry.amount_kes) }, fact: entry.receipt, kind: 'good' };
    case 'sms':
      return { from: 'mpesa', to: 'phone', text: 'sms', kind: 'faint' };
    case 'reversal':
      return { from: 'mpesa', text: 'reversed', values: { amount: kes(entry.amount_kes) }, fact: entry.receipt, kind: 'good' };
    case 'result':
      return entry.result_code === '0' ? null : { from: 'mpesa', text: 'result', values: { fact: entry.result_code }, kind: 'bad' };
    case 'callback_posted':
      return callbackStep(entry);
    case 'hand':
      return { from: 'phone', to: 'mpesa', text: 'byHand', values: { amount: kes(entry.amount_kes) }, fact: entry.account };
    case 'c2b_lost':
      return { from: 'mpesa', to: 'hakika', text: 'confirmationLost', kind: 'bad lost' };
    default:
      return null;
  }
}

function promptStep({ what }) {
  if (what === 'shown') return { from: 'mpesa', to: 'phone', text: 'shown' };
  return { from: 'phone', to: 'mpesa', text: what, kind: what === 'pin' ? '' : 'bad' };
}

function requestStep(entry) {
  const answer = parsed(entry.answer);
  if (entry.path.endsWith('/processrequest')) return pushStep(entry, answer);
  if (entry.path.includes('/pulltransactions/')) return { from: 'hakika', to: 'mpesa', text: 'pull', textMany: 'pull', repeats: 'pull', why: 'pullFound', isEvidence: true };
  if (entry.path.includes('/reversal/')) return { from: 'hakika', to: 'mpesa', text: 'reversal', values: { amount: kes(parsed(entry.body)?.Amount) } };
  if (!entry.path.includes('/stkpushquery')) return null;
  const code = answer?.ResultCode;
  const isOpen = code === undefined || code === '4999';
  return {
    from: 'hakika',
    to: 'mpesa',
    text: isOpen ? 'query' : 'queryAnswer',
    why: isOpen ? 'queryOpen' : code === '0' ? 'queryEarly' : 'queryFailed',
    values: { fact: code },
    isEvidence: true,
    isQuery: true,
  };
}

function pushStep(entry, answer) {
  const push = { from: 'hakika', to: 'mpesa', values: { amount: kes(parsed(entry.body)?.Amount) } };
  if (entry.transport !== 'ok') return { ...push, text: 'pushLost', why: 'pushLost', kind: 'warn' };
  if (answer?.ResponseCode === '0') return { ...push, text: 'push', why: 'pushOnce' };
  const fact = answer?.errorMessage ?? `HTTP ${entry.status}`;
  return { ...push, text: 'pushFailed', values: { ...push.values, fact }, kind: 'warn' };
}

function callbackStep(entry) {
  const body = parsed(entry.body);
  const post = { from: 'mpesa', to: 'hakika', delivery: entry.delivery };
  if (body?.TransID) return { ...post, ...confirmation(body, entry) };
  const code = String(body?.Body?.stkCallback?.ResultCode ?? '?');
  const why = code === '0' ? 'callbackPaid' : code === '1037' ? 'callbackUnreached' : 'callbackFailed';
  return { ...post, text: 'callback', why, values: { fact: code }, isEvidence: true };
}

/** M-PESA's notice of money that came to the paybill: all there is of a payment by hand, and a second one of a prompt. */
function confirmation({ TransAmount: amount, BillRefNumber: account }, entry) {
  const isByHand = !entry.checkout_request_id;
  const said = { text: 'confirmation', values: { amount: kes(amount), account } };
  return isByHand ? { ...said, why: 'byHandPaid', isEvidence: true } : { ...said, kind: 'faint', isEvidence: true };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
