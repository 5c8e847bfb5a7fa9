"""One file a subject; every file is loaded by run.py."""
