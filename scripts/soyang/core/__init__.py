"""The vocabulary that all rooms share; imports no room."""
