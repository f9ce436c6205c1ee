/** Fresh customers for the demo: each play has its own user, phone number and booking, so no limit is ever reached. */

/** A user that nobody has met, from the local gateway. Shape: {clientId, token}. */
export async function newCustomer() {
  const response = await fetch('/demo/customers', { method: 'POST', cache: 'no-store' });
  if (!response.ok) throw new Error(`The gateway answered ${response.status}.`);
  return response.json();
}

/** Registers a fresh booking, as a booking system would, and gives its id. */
export async function newBooking({ config, clientId }) {
  const bookingId = `B${(random() % 36 ** 6).toString(36).toUpperCase().padStart(6, '0')}`; // short: it may be typed on a phone
  await putBooking({ config, bookingId, clientId, status: 'Pending' });
  return bookingId;
}

/** Cancels a paid booking and requests its refund, as a booking system would. Another person must approve it. */
export async function cancelBooking({ config, bookingId, clientId, paymentId }) {
  await putBooking({ config, bookingId, clientId, status: 'Cancelled' });
  const headers = { ...headersOf(config.bookingsToken), 'Idempotency-Key': `refund-${paymentId}` };
  const options = { method: 'POST', headers, body: JSON.stringify({ reason: 'The doctor is ill' }), cache: 'no-store' };
  const response = await fetch(`${config.apiBase}/api/payments/${paymentId}/refunds`, options);
  if (!response.ok) throw new Error(`The API answered ${response.status}.`);
}

async function putBooking({ config, bookingId, clientId, status }) {
  const body = { client_id: clientId, price_kes: config.priceKes, status };
  const response = await callBookings(config, 'PUT', bookingId, config.bookingsToken, body);
  if (!response.ok) throw new Error(`The API answered ${response.status}.`);
}

/** The booking as the customer's API has it; null where it does not answer. */
export async function readBooking({ config, bookingId, token }) {
  const response = await callBookings(config, 'GET', bookingId, token).catch(() => null);
  return response?.ok ? response.json() : null;
}

export const newNumber = () => `2547${String(random() % 1e8).padStart(8, '0')}`;

export const readable = (number) => `0${number.slice(3, 6)} ${number.slice(6, 9)} ${number.slice(9)}`;

const random = () => crypto.getRandomValues(new Uint32Array(1))[0];

const headersOf = (token) => ({ Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' });

function callBookings(config, method, bookingId, token, body) {
  const options = { method, headers: headersOf(token), body: body && JSON.stringify(body), cache: 'no-store' };
  return fetch(`${config.apiBase}/api/consultations/${encodeURIComponent(bookingId)}`, options);
}
