"""Pages of the accounts: leaves, nothing imports them but the URL confs."""
