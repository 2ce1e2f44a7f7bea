"""How right the results are: evaluations against public data, one module for each question."""
