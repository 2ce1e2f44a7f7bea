"""Soyang: cohort genomics from sequencing reads to precision-medicine reports."""

__version__ = "0.1.0"
