"""Every rule about money, pure: no AWS, no network, no clock."""
