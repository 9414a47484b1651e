from leaderboard.pages.encoders import PAGE
from support.records import complete, failed
from support.tables import cells, page_text

ENCODER = {"parameters": 1562752, "shape": [512, 32, 32], "image_size": 256}


def test_encoders_have_their_sizes() -> None:
    text = page_text(PAGE, complete(encoder=ENCODER), failed(backbone="other", title="Failed"))
    assert cells(text, "LaMa")[0][2:6] == ["1,562,752", "512 x 32 x 32", "524,288", "512"]
    assert cells(text, "Failed")[0][2:6] == ["–"] * 4  # noqa: RUF001
    assert "Images of 256 pixels a side." in text
