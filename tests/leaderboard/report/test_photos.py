from leaderboard.report.photos import MOST_RIGHT, MOST_WRONG, rightly, suspected, wrong
from support.field_records import field_record, field_scores, suspect


def test_wrong_answers_take_turns_among_the_confusions_the_surest_first() -> None:
    strips = wrong(field_record())
    assert len(strips) == MOST_WRONG
    assert [strip.pictures[0].photo for strip in strips] == [8, 9, 10, 11, 4, 5, 6, 7]
    assert (strips[0].truth, strips[0].answer, strips[0].confidence) == ("Ann", "Bo", "0.38")
    assert not any(strip.is_right for strip in strips)


def test_the_photos_behind_an_answer_say_whether_they_show_the_same_individual() -> None:
    first, *nearest = wrong(field_record())[0].pictures
    assert (first.photo, first.same) == (8, None)
    assert [(one.photo, one.name, one.same) for one in nearest] == [
        (12, "Ann", True),
        (13, "Bo", False),
        (16, "Ann", True),
    ]


def test_right_answers_are_the_surest_of_each_individual() -> None:
    strips = rightly(field_record())
    assert [strip.truth for strip in strips] == ["Di", "Cy", "Bo", "Ann"]
    assert len(strips) == MOST_RIGHT
    assert all(strip.is_right for strip in strips)


def test_without_wrong_answers_there_is_no_strip() -> None:
    assert wrong(field_record(schemes={"grouped": field_scores(1.0)})) == []


def test_a_suspect_is_shown_with_the_photos_that_speak_for_it() -> None:
    ((one, strip),) = suspected(field_record(suspects=[suspect(1)]))
    assert one.kind == "other_individual"
    assert (strip.truth, strip.answer, strip.confidence) == ("Bo", "Cy", "0.90")
    assert [picture.photo for picture in strip.pictures] == [1, 2, 6, 10]


def test_the_cosine_of_near_copies_has_three_decimals() -> None:
    ((_, strip),) = suspected(field_record(suspects=[suspect(1, "near_copy")]))
    assert strip.confidence == "0.900"
