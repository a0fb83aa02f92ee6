"""Does cleaning let more cards pass? Cards judged against their truth, and paired statistics of the verdicts."""
