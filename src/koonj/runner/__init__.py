"""Plan, apply, roll back, rehearse and compare migrations.

Results are values and events. The runner prints nothing and knows no colours.
"""
