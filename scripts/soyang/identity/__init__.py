"""The gate: is this sample the person it is said to be?"""
