# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A Cisco stand-in that is alive: FRR and strongSwan of its node do what its configuration says.

The way of the data: running configuration (text) -> lines.py -> read_*.py -> plan.py -> frr.py, swanctl.py,
nft.py, links.py -> apply.py. The other way, show_*.py print what the daemons report as IOS prints it.
Nothing here is shared with the collection's renderer, which it is the judge of. See docs/ios-alive.md.
"""
