from tradingsite.environment import read_environment


def test_debug_needs_nothing_else():
    assert read_environment({"DEBUG": "1"}).debug
