"""A partner application that stands in for ViaTrajectoire: a relying party of the portal with accounts of its own.

The first entry of a person asks for the account they already have there and links it; the next ones open it at once.
"""
