"""Why a deployment is refused; each message says what to do."""


class DeployError(Exception):
    """The deployment is refused before anything is made or changed."""
