"""Suites: what docpipe is judged by. `python -m eval.suites` runs them; eval/suites.lock says what they are."""
