"""Forms of the accounts: leaves, nothing imports them but the views."""
