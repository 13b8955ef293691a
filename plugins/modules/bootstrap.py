# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: bootstrap
short_description: Writes what a router needs at its first boot to call home
version_added: 0.1.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - For Linux a cloud-init seed (NoCloud) of C(user-data), C(meta-data) and C(network-config), for IOS a
    minimal configuration. Runs on the controller and contacts no router.
  - What it writes holds a private key or a PSK. Each run makes another key and certificate.
options:
  bundle:
    description: Where C(render.yml) wrote.
    type: path
    required: true
  output:
    description: A directory for each router is made below it, readable for its owner only.
    type: path
    default: artifacts/bootstrap
  wans:
    description: For each transport with a static address C(prefix_length) and C(gateway).
    type: dict
    default: {}
  ethernets:
    description: Further interfaces, as version 2 of cloud-init's network configuration has them.
    type: dict
    default: {}
  user:
    description: Who the controller logs in as.
    type: str
    default: root
  ssh_key:
    description: File of the controller's public key. IOS takes RSA keys only.
    type: path
    default: ~/.ssh/id_ed25519.pub
  packages:
    description: Debian packages that the configuration needs.
    type: list
    elements: str
    default: []
  authority_dir:
    description: Directory of the private CA.
    type: path
  passphrase:
    description: Passphrase of the CA's key.
    type: str
  valid_days:
    description: How long the first certificate is valid. C(site.yml) gives the router another.
    type: int
    default: 30
requirements:
  - pydantic and cryptography on the controller
attributes:
  check_mode:
    description: Checks everything, makes no key and writes nothing.
    support: full
  diff_mode:
    description: The files hold secrets.
    support: none
  action:
    description: Runs on the controller.
    support: full
"""

EXAMPLES = r"""
- name: Write a seed
  mgre.dmvpn.bootstrap:
    bundle: artifacts/bundle
    wans:
      internet: {prefix_length: 30, gateway: 198.51.100.9}
"""

RETURN = r"""
directory:
  description: Where the files are.
  returned: success
  type: str
  sample: /home/ops/dmvpn/artifacts/bootstrap/branch11
files:
  description: Their names.
  returned: success
  type: list
  elements: str
  sample: [meta-data, network-config, user-data]
"""
