"""What can go wrong for whoever drives the simulator (never what a Daraja client sees).

SimulatorError
├── UnknownScenarioError   no such scenario, or a field it does not have
├── SettingError           a configuration value of the wrong kind
├── UnknownPromptError     no prompt with that id, or none open on that phone
├── PromptClosedError      the prompt was answered or ran out before
├── UnknownPaymentError    no payment with that receipt, or it went back before
├── UnknownDeliveryError   no callback with that id awaits an answer
└── BeliefError            an audit was asked about something that is not a payment
"""


class SimulatorError(Exception):
    """Base of every error the control side raises; its text says what to do."""


class UnknownScenarioError(SimulatorError):
    """The scenario, or one of its fields, does not exist; nothing was changed."""


class SettingError(SimulatorError):
    """A setting is unknown or has the wrong type; nothing was changed."""


class UnknownPromptError(SimulatorError):
    """There is no such prompt."""


class PromptClosedError(SimulatorError):
    """The prompt is not open any more; nothing was changed."""


class UnknownPaymentError(SimulatorError):
    """There is no such payment that could go back; nothing was changed."""


class UnknownDeliveryError(SimulatorError):
    """No callback with this id is waiting for an answer."""


class BeliefError(SimulatorError):
    """A belief handed to the audit cannot be read; nothing was compared."""
