"""What several benchmarks use: programs that run migrations, servers, and proxies of the tests.

Importing this package lets a benchmark import `support`, the helpers of the tests.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "tests"))
