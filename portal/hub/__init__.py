"""The roof: what a person sees once inside (applications, notices, support, legal pages), and what staff edit."""
