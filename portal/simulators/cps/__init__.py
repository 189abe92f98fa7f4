"""Cards that exist nowhere: a look-alike public key infrastructure, cards in SoftHSM tokens, a desk to put them on.

Nothing here may stand in front of real people: the programs refuse to start with the production settings, and the
product refuses the authorities made here (accounts.cps.anchors).
"""
