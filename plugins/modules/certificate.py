# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate
short_description: Gives a router the certificate that is its IKE identity
version_added: 0.1.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - The subject is C(O=mgre-dmvpn, OU=<tunnel addresses>, CN=<inventory hostname>), taken from the rendered
    fleet. Peers let the router hold the tunnel addresses of its OU and no others.
  - With O(mode=private) the router makes its own key, which never leaves it, and a private CA on the
    controller signs. What a router asks for is compared with the fleet; a request for any other subject is
    refused.
  - A certificate is renewed when it is about to expire, or when subject, key or CA no longer fit.
  - With O(mode=existing) nothing is signed. The certificate, the CA and the key are those on the router, or
    files on the controller that are copied there; they are checked.
  - A router none of whose clouds uses certificates is left alone.
options:
  bundle:
    description: Directory on the controller that M(mgre.dmvpn.render) has written.
    type: path
    default: artifacts/bundle
  mode:
    description: Whether to sign with the fleet's own CA, or to use certificates that come from elsewhere.
    type: str
    choices: [private, existing]
    default: private
  authority_dir:
    description:
      - Directory of the private CA on the controller. Made at first use, for its owner only.
      - Keep a backup of it. Required with O(mode=private).
    type: path
  passphrase:
    description: Passphrase of the CA's key. A new CA is encrypted with it.
    type: str
  valid_days:
    description: Validity of a new certificate.
    type: int
    default: 397
  renew_days:
    description: A certificate that lasts less than this many days is renewed, with O(mode=existing) reported.
    type: int
    default: 30
  certificate_file:
    description: Certificate of this router on the controller, for O(mode=existing).
    type: path
  key_file:
    description: Private key of this router on the controller, for O(mode=existing), not encrypted.
    type: path
  authority_file:
    description: Certificate of the CA on the controller, for O(mode=existing).
    type: path
  directory:
    description: swanctl's directory on the router.
    type: path
    default: /etc/swanctl
  newer_than:
    description:
      - When a rotation began, seconds since 1970. A router whose certificate was signed before gets a new key
        and a new certificate, with O(mode=private). 0 rotates nothing.
    type: float
    default: 0
requirements:
  - cryptography on the controller, which ansible-core brings
  - openssl on the router
attributes:
  check_mode:
    description: Says why a certificate would be made, and makes neither keys nor certificates.
    support: full
  diff_mode:
    description: Shows subject, serial number and end of the certificates.
    support: full
  action:
    description: Signs on the controller, and runs M(mgre.dmvpn.certificate_files) on the router.
    support: full
"""

EXAMPLES = r"""
- name: Certificates from the fleet's own CA
  mgre.dmvpn.certificate:
    bundle: artifacts/bundle
    authority_dir: /srv/dmvpn/pki
    passphrase: "{{ vault_ca_passphrase }}"

- name: Certificates that another CA has issued, and that are on the routers already
  mgre.dmvpn.certificate:
    mode: existing
"""

RETURN = r"""
reasons:
  description: Why the router got another certificate. Empty if it did not.
  returned: success
  type: list
  elements: str
  sample: [it expires on 2026-12-01]
subject:
  description: Subject of the certificate; empty if the router needs none.
  returned: success
  type: str
  sample: O=mgre-dmvpn, OU=10.255.0.11, CN=spoke1
expires:
  description: End of the certificate's validity, in UTC.
  returned: when there is a certificate
  type: str
  sample: "2027-12-25T09:00:00+00:00"
loaded:
  description: Whether a running charon has loaded new files.
  returned: success
  type: bool
  sample: false
"""
