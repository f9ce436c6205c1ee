"""What runs on AWS: composition, settings, secrets, logs and metrics, the fallback queue."""
