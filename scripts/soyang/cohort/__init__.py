"""Joint sites, genotypes and frequencies, counted only where callable."""
