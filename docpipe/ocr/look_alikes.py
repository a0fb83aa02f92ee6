"""Characters that OCR takes for one another."""

AS_DIGIT = {"O": "0", "Q": "0", "D": "0", "U": "0", "I": "1", "L": "1", "J": "1", "Z": "2", "S": "5", "G": "6",
            "B": "8", "A": "4", "T": "7", "Y": "7"}
"""The digit that a character was, where only a digit can stand."""

AS_LETTER = {"0": "O", "1": "I", "2": "Z", "5": "S", "6": "G", "8": "B", "4": "A", "7": "T"}
"""The letter that a digit was, where only a letter can stand."""

LOOK_ALIKES = ("O0DQ", "I1L7", "Z2", "S5", "G6", "B8")
"""Characters that OCR takes for one another; within each, any may stand for any."""
