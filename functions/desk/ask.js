/** The one question before an act: what will be true afterwards, and why it is done. */
import { $, actName, call, has, make, t, tell, word } from '/desk/page.js';

const FIELDS = {
  attach_booking: ['booking_id'], record_receipt: ['receipt_number', 'amount_kes'], refund_reversed: ['receipt_number'],
  review_complete: ['receipt_number', 'amount_kes'], review_refund_due: ['receipt_number', 'amount_kes'], set_aside: ['set_aside'],
};
/** Acts whose fields only fill in what no witness has named. */
const MAY_BE_EMPTY = new Set(['review_complete', 'review_refund_due', 'refund_reversed']);
const SET_ASIDE = ['handled_elsewhere', 'test', 'sweep', 'not_known_to_mpesa'];

function field(act, name) {
  const input = name === 'set_aside'
    ? make('select', { id: name }, ...SET_ASIDE.map((each) => make('option', { value: each }, word(`aside_${each}`))))
    : make('input', { id: name, required: MAY_BE_EMPTY.has(act) ? null : '', autocomplete: 'off', inputmode: name === 'amount_kes' ? 'numeric' : 'text' });
  return [make('label', { for: name }, t(`${name}_field`)), input];
}

function typed(act) {
  const filled = (FIELDS[act] ?? []).filter((name) => $(name).value);
  return Object.fromEntries(filled.map((name) => [name, name === 'amount_kes' ? Number($(name).value) : $(name).value]));
}

/** Show what an act will do, take the reason, and carry it out on what was shown. */
export function ask({ act, then, to, known = {}, path, facts, again }) {
  const dialog = $('act');
  const after = has(`after_${act}`) ? t(`after_${act}`, known) : then ? t('then', { then: word(then) }) : '';
  $('act-title').textContent = actName(act);
  $('act-then').textContent = [to, after].filter(Boolean).join(' · ');
  $('act-error').textContent = '';
  $('reason').value = '';
  $('act-fields').replaceChildren(...(FIELDS[act] ?? []).flatMap((name) => field(act, name)));
  dialog.returnValue = '';
  dialog.querySelector('form').onsubmit = async (event) => {
    if (event.submitter?.value !== 'yes') return;
    event.preventDefault();
    $('act-yes').disabled = true;
    try {
      const answer = await call(path, { act: act === 'attach_booking' ? 'attach' : act, reason: $('reason').value, ...facts, ...typed(act) });
      dialog.close();
      const number = answer.phone_number;
      tell(number ? t('number_is', { number }) : t('done'), { keeps: Boolean(number) });
      again();
    } catch (error) {
      $('act-error').textContent = error.status ? error.message : t('down');
      if (error.status === 401) dialog.close();
    } finally {
      $('act-yes').disabled = false;
    }
  };
  dialog.showModal();
  (dialog.querySelector('#act-fields input, #act-fields select') ?? $('reason')).focus();
}
