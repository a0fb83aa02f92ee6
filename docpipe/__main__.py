"""`python -m docpipe` is the command `docpipe`."""

from docpipe.cli import main

main()
