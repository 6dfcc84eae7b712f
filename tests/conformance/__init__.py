"""What other projects' own tests say of versions, ranges and tags, asked of imagebot.

One module for each project has its facts as tables, each with the list of questions that imagebot
answers otherwise: `differs`, with the kind of the difference and imagebot's answer. `deviations.py`
has the reason for each kind, which docs/policies.md has too. `test_tables.py` fails for a row that
differs and is not listed, and for a listed row that agrees. To move a row, add or remove its line
in `differs`.

What imagebot's ranges mean in its own words is elsewhere: `tests/version/test_range.py` has them
case by case, with the errors, and compares them with a second, naive reading.
"""
