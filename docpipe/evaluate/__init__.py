"""Does cleaning let more cards pass? Cards judged by their truth or their own rules, and paired statistics of that."""
