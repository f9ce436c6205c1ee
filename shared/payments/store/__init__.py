"""The one DynamoDB table: every conditional write."""
