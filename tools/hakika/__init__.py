"""`hakika`: the operator's command. It finds a payment, shows what happened and puts it right."""
