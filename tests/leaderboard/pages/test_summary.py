from leaderboard.pages.summary import PAGE
from support.records import complete
from support.tables import cells, page_text


def test_the_summary_shows_the_built_in_data_set_with_links_from_the_root() -> None:
    text = page_text(PAGE, complete(split="open"), complete(dataset="other", title="Other"))
    assert "Other" not in text
    link = "[0123456](leaderboard/records/zebrafish-synth/full/lama-0123456789ab.json)"
    assert cells(text, "LaMa") == [["LaMa", "big-lama", "0.97", "0.31", "0.127", "0.228", "0", link]]


def test_splits_of_contiguous_stretches_have_no_clustering() -> None:
    text = page_text(PAGE, complete(split="block"))
    assert cells(text, "LaMa")[0][:5] == ["LaMa", "big-lama", "0.97", "0.31", "0"]
    assert "AdjRand" not in text


def test_the_comparison_of_splits_is_that_of_classification() -> None:
    content = PAGE.content(PAGE.sections([complete(split="random"), complete(split="block")]))
    assert "Shallow accuracy, random" in content
    assert "Deep accuracy, random" in content
