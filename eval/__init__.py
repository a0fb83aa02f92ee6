"""What is measured, on what: suites, benchmarks, and the results that they printed."""
