"""What docpipe costs: seconds, processors and memory, each beside something else that was measured in the same run."""
