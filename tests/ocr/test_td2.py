"""ICAO's specimen of a TD2 zone, printed alone on a white card."""

import numpy as np
import pytest

from docpipe.ocr.extract import extract
from docpipe.ocr.schema import load_schema

ICAO = ("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6")     # Doc 9303 part 6
CARD_WIDTH_PX = 1240             # 105 mm at 300 dpi


@pytest.mark.parametrize("scale", [1, 1.5])
def test_icaos_specimen_is_read_from_print(plain_zone, engine, scale):
    card = plain_zone(ICAO, CARD_WIDTH_PX)
    sized = np.kron(card, np.ones((3, 3), np.uint8))[::2, ::2] if scale != 1 else card
    extraction = extract(sized, load_schema("td2"), engine)
    assert extraction.valid
    assert extraction.values == {
        "document_number": "D23145890", "surname": "ERIKSSON", "given_names": "ANNA MARIA", "sex": "F",
        "nationality": "UTO", "issuing_state": "UTO", "date_of_birth": "740812", "date_of_expiry": "120415",
    }  # fmt: skip
