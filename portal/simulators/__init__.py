"""Programs that stand in for outside systems in the demo and in tests.

They import nothing of the product and the product never imports them: only addresses in settings differ.
"""
