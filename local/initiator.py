"""Gives the local stack its initiator, as `hakika initiator set` does with M-Pesa's certificate."""

import json
import time

from local import aws
from local.deployment import Deployment
from local.paybill import shortcode_of
from local.settings import LocalSettings
from simulator.core.initiator.certificate import CERTIFICATE_FILE
from simulator.core.initiator.settings import DEFAULT_INITIATORS
from tools.credential import encrypt, read_certificate


def set_initiator(deployment: Deployment, settings: LocalSettings) -> None:
    """Store the simulator's operator, its password encrypted with the simulator's certificate."""
    operator = DEFAULT_INITIATORS[0]
    certificate = read_certificate(CERTIFICATE_FILE)
    values = {
        "INITIATOR_NAME": operator.name,
        "SECURITY_CREDENTIAL": encrypt(operator.password, certificate),
        "CERTIFICATE_SHA256": certificate.fingerprint,
    }
    aws.client("secretsmanager", deployment.endpoint_url).put_secret_value(
        SecretId=deployment.outputs["InitiatorSecretArn"], SecretString=json.dumps(values)
    )
    aws.client("dynamodb", deployment.endpoint_url).update_item(
        TableName=deployment.outputs["TableName"],
        Key={"pk": {"S": f"REFUNDS#{shortcode_of(settings)}"}, "sk": {"S": "STATE"}},
        UpdateExpression="SET credential_at = :now",
        ExpressionAttributeValues={":now": {"N": str(int(time.time()))}},
    )
