"""The report of an evaluation: a web page, a PDF, a table of cards, and all figures as JSON.

>>> from docpipe.evaluate.report import load_findings, write_report
>>> write_report(findings, Path("report"))                            # doctest: +SKIP
>>> load_findings(Path("report")).table.rescued                       # doctest: +SKIP
43
"""

from docpipe.evaluate.report.compare import Comparison, compare_findings, comparison_as_text
from docpipe.evaluate.report.console import as_json_lines, as_text
from docpipe.evaluate.report.cost import Prices
from docpipe.evaluate.report.stored import load_findings
from docpipe.evaluate.report.write import write_report

__all__ = [
    "Comparison", "Prices", "as_json_lines", "as_text", "compare_findings", "comparison_as_text", "load_findings",
    "write_report",
]
