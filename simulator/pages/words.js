/* What the phone says in its two languages. */

export const WORDS = {
  en: {
    balance: "M-PESA balance", inbox: "Messages", empty: "No messages yet.",
    merchant: "Pay to", reference: "Account", till: "Till", amount: "Amount",
    pin: "Enter M-PESA PIN", send: "Send", cancel: "Cancel",
    waiting: "Sent. Waiting for M-PESA…", gone: "The request has closed.", four: "The PIN has four digits.",
  },
  sw: {
    balance: "Salio la M-PESA", inbox: "Ujumbe", empty: "Hakuna ujumbe bado.",
    merchant: "Lipa kwa", reference: "Akaunti", till: "Till", amount: "Kiasi",
    pin: "Weka PIN ya M-PESA", send: "Tuma", cancel: "Ghairi",
    waiting: "Imetumwa. Inasubiri M-PESA…", gone: "Ombi limefungwa.", four: "PIN ina tarakimu nne.",
  },
};
