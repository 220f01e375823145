// Package netaddr tells public network addresses, and those of this machine, from all others.
package netaddr

import (
	"net/netip"
	"slices"
	"strings"
)

// Plain is the address that addr stands for: IPv4 inside IPv6 and a NAT64 translation count as the IPv4 address.
func Plain(addr netip.Addr) netip.Addr {
	addr = addr.Unmap()
	if nat64.Contains(addr) {
		b := addr.As16()
		addr = netip.AddrFrom4([4]byte(b[12:]))
	}
	return addr
}

// IsPublic reports whether everyone on the internet reaches the same host by addr.
func IsPublic(addr netip.Addr) bool {
	addr = Plain(addr)
	return !addr.IsLoopback() && addr.Zone() == "" && addr.IsGlobalUnicast() && !addr.IsPrivate() &&
		!slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// IsLoopbackHost reports whether a host, as it stands in a URL, is this machine by its name alone: nothing is looked up.
func IsLoopbackHost(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}

var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// notPublic holds what netip counts as global unicast and is not reachable for everyone, or stands for another address
// (IANA's special-purpose address registries).
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // carrier-grade NAT
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"),          // IPv4-compatible
	netip.MustParsePrefix("64:ff9b:1::/48"), // NAT64, local
	netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), // Teredo and others
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), // 6to4
	netip.MustParsePrefix("3fff::/20"),
	netip.MustParsePrefix("fec0::/10"), // site-local
}
