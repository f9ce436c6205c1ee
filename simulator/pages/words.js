/* What the phone says in its two languages. */

export const WORDS = {
  en: {
    balance: "M-PESA balance", inbox: "Messages", empty: "No messages yet.",
    merchant: "Pay to", reference: "Account", till: "Till", amount: "Amount",
    pin: "Enter M-PESA PIN", send: "Send", cancel: "Cancel",
    waiting: "Sent. Waiting for M-PESA…", gone: "The request has closed.",
    lipa: "Lipa na M-PESA", paybill: "Paybill", goods: "Buy Goods and Services", ok: "OK", back: "Back", close: "Close",
    tillNumber: "Till number", noName: "Unknown number",
    ask: { number: "Business number", account: "Account number", amount: "Amount in Ksh", pin: "Enter M-PESA PIN" },
    four: "The PIN has four digits.",
  },
  sw: {
    balance: "Salio la M-PESA", inbox: "Ujumbe", empty: "Hakuna ujumbe bado.",
    merchant: "Lipa kwa", reference: "Akaunti", till: "Till", amount: "Kiasi",
    pin: "Weka PIN ya M-PESA", send: "Tuma", cancel: "Ghairi",
    waiting: "Imetumwa. Inasubiri M-PESA…", gone: "Ombi limefungwa.",
    lipa: "Lipa na M-PESA", paybill: "Lipa bili (Paybill)", goods: "Nunua bidhaa na huduma", ok: "Sawa", back: "Rudi", close: "Funga",
    tillNumber: "Nambari ya till", noName: "Nambari isiyojulikana",
    ask: { number: "Nambari ya biashara", account: "Nambari ya akaunti", amount: "Kiasi kwa Ksh", pin: "Weka PIN ya M-PESA" },
    four: "PIN ina tarakimu nne.",
  },
};
