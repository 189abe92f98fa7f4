"""National reference data: nomenclatures, territories, RPPS people, FINESS structures."""
