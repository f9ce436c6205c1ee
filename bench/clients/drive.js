// Drives one npm client: `node drive.js CLIENT BASE CREDENTIAL CERTIFICATE_FILE PASSWORD`.
// Prints the same JSON object as drive.py.
'use strict'
const http = require('http')

const [client, base, credential, certificate, password] = process.argv.slice(2)
const { port } = new URL(base)
const PAYBILL = '174379'
const PASSKEY = 'bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919'
const PHONE = '254708374149'
const KEYS = ['sandbox-consumer-key', 'sandbox-consumer-secret']
const [CALLBACK, RESULT, TIMEOUT, CONFIRM, VALIDATE] = ['callback', 'result', 'timeout', 'confirm', 'validate']
  .map(name => `https://pay.example.com/${name}`)
const STEPS = ['push', 'query', 'c2b_register', 'c2b_simulate', 'status', 'b2c', 'reversal']
const made = { id: '', receipt: '' }

function mpesaNode () {
  const Mpesa = require('mpesa-node')
  const kit = new Mpesa({
    consumerKey: KEYS[0], consumerSecret: KEYS[1], environment: 'sandbox', shortCode: PAYBILL, initiatorName: 'testapi',
    lipaNaMpesaShortCode: PAYBILL, lipaNaMpesaShortPass: PASSKEY, securityCredential: password, certPath: certificate
  })
  kit.baseURL = base
  return {
    push: async () => (await kit.lipaNaMpesaOnline(PHONE, 100, CALLBACK, 'ABC123')).data.CheckoutRequestID,
    query: () => kit.lipaNaMpesaQuery(made.id),
    c2b_register: () => kit.c2bRegister(CONFIRM, VALIDATE),
    c2b_simulate: () => kit.c2bSimulate(PHONE, 50, 'ABC123'),
    status: () => kit.transactionStatus(made.receipt, PAYBILL, 4, TIMEOUT, RESULT),
    b2c: () => kit.b2c(PAYBILL, PHONE, 10, TIMEOUT, RESULT),
    reversal: () => kit.reversal(made.receipt, 100, TIMEOUT, RESULT)
  }
}

function mpesaApi () {
  const request = http.request
  http.request = (options, answered) => request({ ...options, port }, answered) // the package drops the port
  const routes = require('mpesa-api/lib/routes').routes
  routes.sandbox = base
  const { Mpesa } = require('mpesa-api')
  const kit = new Mpesa({ clientKey: KEYS[0], clientSecret: KEYS[1], securityCredential: credential }, 'sandbox')
  const urls = { ResultURL: RESULT, QueueTimeOutURL: TIMEOUT }
  return {
    push: async () => (await kit.lipaNaMpesaOnline({
      BusinessShortCode: PAYBILL, passKey: PASSKEY, Amount: 100, PartyA: PHONE, PartyB: PAYBILL, PhoneNumber: PHONE,
      CallBackURL: CALLBACK, AccountReference: 'ABC123'
    })).CheckoutRequestID,
    query: () => kit.lipaNaMpesaQuery({ BusinessShortCode: PAYBILL, passKey: PASSKEY, CheckoutRequestID: made.id }),
    c2b_register: () => kit.c2bRegister({
      ShortCode: PAYBILL, ResponseType: 'Completed', ConfirmationURL: CONFIRM, ValidationURL: VALIDATE
    }),
    c2b_simulate: () => kit.c2bSimulate({
      ShortCode: PAYBILL, CommandID: 'CustomerPayBillOnline', Amount: 50, Msisdn: PHONE, BillRefNumber: 'ABC123'
    }),
    status: () => kit.transactionStatus({
      Initiator: 'testapi', TransactionID: made.receipt, PartyA: PAYBILL, IdentifierType: 4, ...urls
    }),
    b2c: () => kit.b2c({
      Initiator: 'testapi', CommandID: 'BusinessPayment', Amount: 10, PartyA: PAYBILL, PartyB: PHONE, ...urls
    }),
    reversal: () => kit.reversal({
      Initiator: 'testapi', TransactionID: made.receipt, Amount: 100, ReceiverParty: PAYBILL, ...urls
    })
  }
}

function refusal (error) {
  const data = (error.response && error.response.data) || error.data
  return ((data && data.errorMessage) || error.message || JSON.stringify(data) || String(error)).slice(0, 160)
}

async function receipt () {
  await new Promise(resolve => setTimeout(resolve, 8000))
  const ledger = await (await fetch(`${base}/_simulator/ledger`)).json()
  return ledger.debits[0].receipt
}

async function main () {
  const calls = client === 'mpesa-node' ? mpesaNode() : mpesaApi()
  const said = {}
  for (const step of STEPS) {
    try {
      const given = await calls[step]()
      said[step] = ''
      if (step === 'push') Object.assign(made, { id: given, receipt: await receipt() })
    } catch (error) {
      said[step] = refusal(error)
    }
  }
  console.log(JSON.stringify(said))
}

main()
