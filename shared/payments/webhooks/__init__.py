"""Webhooks: the signed HTTPS request that carries an event to the booking system."""
