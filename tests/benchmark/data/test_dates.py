"""Dates in the forms that tables of photos have."""

import pytest

from benchmark.data.dates import read_dates


@pytest.mark.parametrize(
    "text",
    [
        *("2021-05-31", "2021/5/31", "2021:05:31", "2021.05.31", "20210531", "31/05/2021", "31.5.2021", "31-05-2021"),
        *("5/31/2021", "31 May 2021", "31st may 2021", "May 31, 2021", "31-May-2021", "31 May, 2021"),
        *("2021-05-31 00:00", "31/05/2021 0:00:00", "5/31/2021 12:00 AM", "2021-05-31T00:00:00Z"),
        *("2021-05-31 02:00:00 +02:00", "2021-05-30T16:00:00-08:00", "2021-05-31 00:00:00 UTC", "20210531T000000"),
    ],
)
def test_one_moment_in_many_forms(text: str) -> None:
    (date,) = read_dates([text])
    assert date is not None
    assert date.moment is not None
    assert date.moment.isoformat() == "2021-05-31T00:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("5/31/2021 2:05 PM", "14:05:00"),
        ("2021:05:31 14:05:09", "14:05:09"),
        ("2021-05-31T14:05:09.250", "14:05:09.250000"),
        ("2021-05-31T140509", "14:05:09"),
    ],
)
def test_times_of_day(text: str, clock: str) -> None:
    (date,) = read_dates([text])
    assert date is not None
    assert date.moment is not None
    assert date.moment.time().isoformat() == clock


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "summer",
            "12:30:05",
            "31/05/21",
            "2021-02-30",
            "31/31/2021",
            "0/0/2021",
            "2021-13",
            "1612345678",
            "99999",
        ),
        *("2021-05-31T25:00", "2021-05-31 noon", "32 May 2021", "2021 2022", "IMG_2021", "May2021 x"),
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert read_dates([text]) == [None]


@pytest.mark.parametrize(
    ("texts", "months"),
    [
        (["03/04/2021", "31/05/2021"], [4, 5]),
        (["03/04/2021", "05/31/2021"], [3, 5]),
        (["03/04/2021", "04/05/2021"], [0, 0]),
        (["03/04/2021", "31/05/2021", "05/31/2021"], [0, 0, 0]),
        (["2021", "May 2021", "2021-06", "07/2021"], [0, 5, 6, 7]),
    ],
)
def test_other_dates_of_the_column_decide_whether_the_day_comes_first(texts: list[str], months: list[int]) -> None:
    assert [date.month if date else None for date in read_dates(texts)] == months
