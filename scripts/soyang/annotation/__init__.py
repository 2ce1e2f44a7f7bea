"""What each site is: consequence, HGVS, ClinVar, dbSNP, frequencies."""
