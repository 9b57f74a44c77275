"""For every route a request that succeeds, with everything that it needs: refusals are made of it by a change."""

from __future__ import annotations

import matrix_account_requests
import matrix_sign_in_requests
from matrix_makers import GOOD, NEWCOMER

__all__ = ["FILLED_BY", "GOOD", "NEWCOMER"]

FILLED_BY = (matrix_account_requests, matrix_sign_in_requests)
