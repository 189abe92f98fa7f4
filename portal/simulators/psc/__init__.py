"""Pro Santé Connect and the e-CPS for the demo and the tests: an issuer, a wallet on another port, and a telephone.

Speaks the wire protocol of the national service with its traps; imports nothing of the product.
Usage: python -m portal.simulators.psc --help
"""
