"""The whole product on one machine: an AWS emulator, the Daraja simulator and a gateway."""
