"""DynamoDB without any knowledge of payments: typed attributes, expressions, bounded retries."""
