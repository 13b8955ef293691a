# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lines that a router takes; the tests of several files load them."""

from __future__ import annotations

CRYPTO = """\
crypto ikev2 proposal P
 encryption aes-gcm-256
 prf sha384
 group 20
crypto ikev2 policy P
 match fvrf any
 proposal P
crypto ikev2 keyring K
 peer ANY
  address 0.0.0.0 0.0.0.0
  pre-shared-key S0mething-long
crypto ikev2 profile F
 match fvrf any
 match identity remote address 0.0.0.0
 identity local address 198.51.100.2
 authentication remote pre-share
 authentication local pre-share
 keyring local K
 lifetime 14400
 dpd 40 5 on-demand
crypto ipsec transform-set T esp-gcm 256
 mode transport
crypto ipsec profile X
 set transform-set T
 set ikev2-profile F
crypto ipsec security-association replay window-size 1024
"""
CERTIFICATES = """\
crypto pki trustpoint T
 enrollment terminal
 revocation-check none
crypto pki certificate map MAP 10
 issuer-name co cn = fleet
crypto ikev2 profile F
 identity local dn
 authentication local rsa-sig
 authentication remote rsa-sig
 pki trustpoint T
 match certificate MAP
"""
HUB = """\
interface Tunnel10
 ip address 10.255.0.1 255.255.252.0
 no ip redirects
 ip nhrp authentication cisco
 ip nhrp network-id 10
 ip nhrp holdtime 300
 ip nhrp redirect
 ip nhrp map multicast dynamic
 ip mtu 1400
 ip tcp adjust-mss 1360
 tunnel source GigabitEthernet1
 tunnel mode gre multipoint
 tunnel key 10
 tunnel protection ipsec profile X shared
 nhrp map group G service-policy output P
"""
SPOKE = """\
vrf definition V
 address-family ipv4
interface Tunnel10
 ip address 10.255.0.11 255.255.252.0
 ip nhrp nhs 10.255.0.1 nbma 198.51.100.2 multicast
 ip nhrp nhs 10.255.0.2 nbma 198.51.100.6 multicast priority 2 cluster 1
 ip nhrp nhs cluster 1 max-connections 1
 ip nhrp nhs fallback 30
 ip nhrp registration no-unique
 ip nhrp registration timeout 30
 ip nhrp shortcut
 if-state nhrp
 nhrp group G
 bfd interval 300 min_rx 300 multiplier 3
 ip ospf 10 area 0
 ip ospf network point-to-multipoint
 ip ospf hello-interval 3
 ip ospf dead-interval 12
 tunnel vrf V
ip route vrf V 0.0.0.0 0.0.0.0 198.51.100.1
ip route 10.0.0.0 255.0.0.0 Null0 250 name MGRE-blue
"""
ROUTING = """\
router bgp 65000
 bgp listen range 10.255.0.0/22 peer-group G
 bgp listen limit 4999
 neighbor G peer-group
 neighbor G remote-as 65000
 neighbor G timers 3 10
 neighbor G fall-over bfd
 neighbor 10.255.0.1 remote-as 65001
 address-family ipv4
  network 10.1.0.0 mask 255.255.255.0
  neighbor G activate
  neighbor G route-reflector-client
  neighbor G next-hop-self all
  neighbor G route-map MGRE-blue-in in
  neighbor G prefix-list MGRE-blue out
 exit-address-family
router eigrp MGRE-DMVPN
 address-family ipv4 unicast autonomous-system 65000
  af-interface Tunnel10
   hello-interval 3
   hold-time 12
   no split-horizon
   no next-hop-self
   bfd
   summary-address 10.0.0.0 255.0.0.0
  exit-af-interface
  network 10.255.0.0 0.0.3.255
  eigrp router-id 10.255.0.1
 exit-address-family
router ospf 10
 router-id 10.255.0.1
 network 10.1.0.0 0.0.0.255 area 0.0.0.0
ip prefix-list MGRE-blue seq 5 permit 10.0.0.0/8 le 24
route-map MGRE-blue-in permit 10
 match ip address prefix-list MGRE-blue
 set local-preference 200
"""
QOS = """\
policy-map child
 class class-default
  fair-queue
policy-map P
 class class-default
  shape average 10000000
  service-policy child
"""
EVERYTHING = CRYPTO + CERTIFICATES + QOS + HUB + SPOKE + ROUTING
# A hub without quality of service.
PLAIN_HUB = HUB.replace(" nhrp map group G service-policy output P\n", "")
