"""From CRAM, gVCF or VCF to a normalised gVCF, VCF and callable regions."""
