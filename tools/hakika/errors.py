"""What goes wrong before or beside the payment layer's own errors.

HakikaError
├── UsageError         exit 2  what was typed cannot be meant; nothing was changed
├── DeploymentError    exit 2  no deployment can be reached with these options
└── RefusedError       exit 1  understood, and not done
    └── ChangedError   exit 1  what was shown has changed meanwhile; nothing was changed
"""

OK = 0
REFUSED = 1
BAD_USAGE = 2


class HakikaError(Exception):
    """One sentence that says what to do; no phone, token or secret in it."""

    exit_code = REFUSED
    code = "error"


class UsageError(HakikaError):
    """What was typed cannot be meant; nothing was changed."""

    exit_code = BAD_USAGE
    code = "bad_usage"


class DeploymentError(HakikaError):
    """No deployment can be reached with these options."""

    exit_code = BAD_USAGE
    code = "no_deployment"


class RefusedError(HakikaError):
    """Understood, and not done; nothing was changed."""

    code = "refused"


class ChangedError(RefusedError):
    """What was shown has changed meanwhile; nothing was changed, and the message names it."""

    code = "changed_meanwhile"
