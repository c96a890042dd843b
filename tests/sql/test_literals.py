"""Constants in statements."""

from koonj.sql.literals import literals


def test_written_constants_keep_the_order_of_the_script() -> None:
    """A set would give them in another order in each process, and made-up rows would differ."""
    words = [f"w{number * 7 % 20:02}" for number in range(20)]
    found = literals([f"UPDATE t SET name = '{word}';" for word in words], {"name"})
    assert list(found.written["name"]) == words
