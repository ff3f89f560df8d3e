# SPDX-License-Identifier: BSD-3-Clause
"""The same two tenants, over an IPv6 underlay."""
from lib.topology import Twins

from .two_tenants import talk


def run(t):
    talk(t, Twins(t, family=6))
