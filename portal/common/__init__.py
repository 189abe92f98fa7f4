"""The floor of the house: knows no domain and has no table."""
