package wacloud

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMayDial(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]bool{
		"157.240.1.1": true, "2a03:2880:f003::1": true, "::ffff:157.240.1.1": true, "64:ff9b::157.240.1.1": true, "8.8.8.8": true,

		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "100.64.0.1": false, "100.127.255.255": false, "169.254.169.254": false,
		"172.16.0.1": false, "172.31.255.255": false, "192.0.0.1": false, "192.0.2.1": false, "192.168.1.1": false,
		"198.18.0.1": false, "198.51.100.1": false, "203.0.113.1": false, "224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"::": false, "::ffff:10.0.0.1": false, "::10.0.0.1": false, "64:ff9b::10.0.0.1": false, "64:ff9b::127.0.0.1": false,
		"64:ff9b:1::1": false, "100::1": false, "2001::1": false, "2001:db8::1": false, "2002:a00:1::": false, "3fff::1": false,
		"fc00::1": false, "fd00:ec2::254": false, "fe80::1": false, "fe80::1%eth0": false, "fec0::1": false, "ff02::1": false,
		"2a03:2880::1%eth0": false,
	} {
		for _, local := range []bool{false, true} {
			s := &settings{local: local}
			if addr == "64:ff9b::127.0.0.1" && local {
				continue // stands for loopback
			}
			require.Equal(t, want, s.mayDial(netip.MustParseAddr(addr)), "%s, local %v", addr, local)
		}
	}
	for _, addr := range []string{"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"} {
		require.False(t, (&settings{}).mayDial(netip.MustParseAddr(addr)), addr)
		require.True(t, (&settings{local: true}).mayDial(netip.MustParseAddr(addr)), addr)
	}
}

// Our own dialer looks at the address between DNS and connecting: nothing arrives at the listener, whatever it is called.
func TestOwnDialerNeverConnects(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	s := &settings{mediaHosts: []string{"localhost", "127.0.0.1"}}
	for _, host := range []string{"localhost", "127.0.0.1"} {
		_, err = s.guardDial(nil)(t.Context(), "tcp", net.JoinHostPort(host, port))
		require.ErrorIs(t, err, errNotPublic)
	}
	s.local = true
	conn, err := s.guardDial(nil)(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", port))
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}

// A proxy may stand anywhere: it is not the media host, whose URL was checked before.
func TestProxyIsDialled(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	for _, dial := range []dialFunc{nil, new(net.Dialer).DialContext} {
		conn, err := (&settings{}).guardDial(dial)(t.Context(), "tcp", l.Addr().String())
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
}

// The default transport is copied with a dialer of ours, and a transport of the caller's with theirs.
func TestGuardCopiesTransports(t *testing.T) {
	t.Parallel()
	s := &settings{}
	own := &http.Transport{MaxIdleConnsPerHost: 7, DialContext: func(context.Context, string, string) (net.Conn, error) {
		c, _ := net.Pipe() // no network: nothing to check
		return c, nil
	}}
	guarded := s.guard(own)
	require.NotSame(t, own, guarded)
	require.Equal(t, 7, guarded.MaxIdleConnsPerHost)
	require.True(t, guarded.DisableCompression)
	require.False(t, own.DisableCompression)
	conn, err := guarded.DialContext(t.Context(), "tcp", "lookaside.fbsbx.com:443")
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}
