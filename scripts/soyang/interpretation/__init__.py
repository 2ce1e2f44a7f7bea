"""From annotated genotypes, pedigree and phenotypes to findings with reasons."""
