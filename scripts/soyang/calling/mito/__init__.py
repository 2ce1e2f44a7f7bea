"""The mitochondrion: a circular contig of many copies, with the share of each allele."""
