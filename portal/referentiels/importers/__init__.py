"""Importers of the national files: reader → mapping → apply → report, one transaction each.

`catalogue.SOURCES` names them; `runner.run_import` is the only way in (commands, admin, demo data).
"""
