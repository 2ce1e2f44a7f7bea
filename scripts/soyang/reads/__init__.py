"""From FASTQ, BAM or CRAM to an analysis-ready CRAM with its quality measures."""
