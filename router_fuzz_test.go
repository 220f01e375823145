package wacloud_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// naiveRouter is a second implementation of the rules of patterns, that tries everything: each pattern is a regular
// expression, conflicts are found by matching all short ids, the best match by comparing all matches.
type naiveRouter struct {
	patterns []string
	match    []*regexp.Regexp
}

func naiveExpression(pattern string) *regexp.Regexp {
	var parts []string
	for part := range strings.SplitSeq(pattern, ":") {
		switch {
		case part == "" || strings.HasSuffix(part, "...}"):
			parts = append(parts, "(?s:.*)")
		case strings.HasPrefix(part, "{"):
			parts = append(parts, "[^:]+")
		default:
			parts = append(parts, regexp.QuoteMeta(part))
		}
	}
	return regexp.MustCompile("^" + strings.Join(parts, ":") + "$")
}

// naiveIDs is all ids of up to n segments over two letters that patterns use, one that they do not, and nothing.
func naiveIDs(n int) []string {
	ids := []string{}
	level := []string{"a", "b", "c", ""}
	for range n {
		ids = append(ids, level...)
		var next []string
		for _, id := range level {
			for _, s := range []string{"a", "b", "c", ""} {
				next = append(next, id+":"+s)
			}
		}
		level = next
	}
	return slices.DeleteFunc(ids, func(id string) bool { return id == "" })
}

// fits tells whether a pattern conflicts with none: it shares no id, or all of the ids of one are the other's and not
// the reverse.
func (n *naiveRouter) fits(m *regexp.Regexp, ids []string) bool {
	for _, other := range n.match {
		var both, mine, theirs bool
		for _, id := range ids {
			a, b := m.MatchString(id), other.MatchString(id)
			both, mine, theirs = both || a && b, mine || a && !b, theirs || b && !a
		}
		if both && mine == theirs {
			return false
		}
	}
	return true
}

// find is the pattern with the most specific segments from the left.
func (n *naiveRouter) find(id string) string {
	best, bestKey := "", ""
	for i, m := range n.match {
		if id == "" || !m.MatchString(id) {
			continue
		}
		var key strings.Builder
		for part := range strings.SplitSeq(n.patterns[i], ":") {
			switch {
			case part == "" || strings.HasSuffix(part, "...}"):
				key.WriteString("2")
			case strings.HasPrefix(part, "{"):
				key.WriteString("1")
			default:
				key.WriteString("0")
			}
		}
		if best == "" || key.String() < bestKey {
			best, bestKey = n.patterns[i], key.String()
		}
	}
	return best
}

// spellPattern makes a pattern of up to three segments out of a number.
func spellPattern(b byte) string {
	var parts []string
	for i := range 3 {
		digit := b % 6
		b /= 6
		switch digit {
		case 0, 1:
			parts = append(parts, string("ab"[digit]))
		case 2, 3:
			parts = append(parts, fmt.Sprintf("{p%d}", i))
		case 4:
			return strings.Join(append(parts, "{rest...}"), ":")
		case 5:
			if i > 0 {
				return strings.Join(parts, ":") + ":"
			}
			parts = append(parts, "a")
		}
	}
	return strings.Join(parts, ":")
}

// Each pair of short patterns is judged as the naive router does, in both orders, and each short id reaches the same one.
func TestRouterAgreesWithTheNaiveOne(t *testing.T) {
	t.Parallel()
	var patterns []string
	for b := range 6 * 6 * 6 {
		patterns = append(patterns, spellPattern(byte(b)))
	}
	slices.Sort(patterns)
	patterns = slices.Compact(patterns)
	require.Greater(t, len(patterns), 40)
	ids := naiveIDs(4)
	var match []*regexp.Regexp
	for _, pattern := range patterns {
		match = append(match, naiveExpression(pattern))
	}
	for i, a := range patterns {
		for j, b := range patterns {
			r, naive := wacloud.NewRouter(), &naiveRouter{patterns: []string{a}, match: match[i : i+1]}
			r.Reply(a, routerNothing)
			text := panicText(func() { r.Reply(b, routerNothing) })
			if !naive.fits(match[j], ids) {
				require.Contains(t, text, "matches both", "%q and %q", a, b)
				continue
			}
			require.Empty(t, text)
			naive.patterns, naive.match = append(naive.patterns, b), append(naive.match[:1:1], match[j])
			for _, id := range ids[:84] {
				info, _, _ := r.Lookup(id)
				require.Equal(t, naive.find(id), info.Pattern, "%q among %q", id, naive.patterns)
			}
		}
	}
}

// FuzzRouter registers patterns in the router and in the naive one: both accept the same patterns, and each id reaches
// the same one.
func FuzzRouter(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5}, "a:b")
	f.Add([]byte{6, 40, 80, 120, 160, 200, 240}, "a::b")
	f.Add([]byte{14, 80, 255}, "b:c:a:")
	ids := naiveIDs(4)
	f.Fuzz(func(t *testing.T, data []byte, id string) {
		data = data[:min(len(data), 8)]
		r, naive := wacloud.NewRouter(), &naiveRouter{}
		for _, b := range data {
			pattern := spellPattern(b)
			m := naiveExpression(pattern)
			text := panicText(func() { r.Reply(pattern, routerNothing) })
			fits := naive.fits(m, ids)
			require.Equal(t, fits, text == "", "%q with %q: %s", pattern, naive.patterns, text)
			if fits {
				naive.patterns, naive.match = append(naive.patterns, pattern), append(naive.match, m)
				continue
			}
			require.Contains(t, text, "conflicts with")
			both := regexp.MustCompile(`: ("[^"]*") matches both`).FindStringSubmatch(text)
			require.NotNil(t, both)
			require.True(t, m.MatchString(strings.Trim(both[1], `"`)), text)
			break // after a panic the program would end
		}
		for _, id := range append(ids[:80:80], id) {
			info, _, ok := r.Lookup(id)
			require.Equal(t, naive.find(id), info.Pattern, "%q among %q", id, naive.patterns)
			require.Equal(t, info.Pattern != "", ok)
		}
	})
}

// FuzzPattern registers any text: it panics with a place and a reason, or the pattern works.
func FuzzPattern(f *testing.F) {
	for _, seed := range []string{"a:{b}:{c...}", "order:", "{", "a:{x}b", "::", "{...}", "\xff", " "} {
		f.Add(seed, "a:b:c")
	}
	f.Fuzz(func(t *testing.T, pattern, id string) {
		r := wacloud.NewRouter()
		r.NotFound(routerNothing)
		if text := panicText(func() { r.Reply(pattern, routerNothing) }); text != "" {
			require.Regexp(t, `(?s)^wacloud: pattern ".*" at .*router_fuzz_test\.go:\d+: .+`, text)
			return
		}
		e := tapOn(id)
		require.NoError(t, r.Handle(t.Context(), e))
		_, params, ok := r.Lookup(id)
		require.Equal(t, ok, e.Route().Kind == "reply")
		for name, value := range params {
			require.Equal(t, value, e.Param(name))
		}
		require.True(t, strings.HasSuffix(id, e.Rest()))
		if !strings.ContainsAny(pattern, "{}") { // a literal or a prefix is an id that reaches it
			_, _, ok = r.Lookup(pattern)
			require.True(t, ok)
		}
	})
}

// FuzzRouteID writes an id and reads it back, and reads an id that comes from outside.
func FuzzRouteID(f *testing.F) {
	f.Add("a:b", int64(-3), uint8(255), true, "x\x00", "", "item:3")
	f.Add("", int64(0), uint8(0), false, "%", "%3A", "all:00000000:%:x:false:0:0:")
	f.Add("\xff\u2028 ", int64(-128), uint8(3), true, " ", ":", "all:00000000:%zz:x:true:0:03:a::b")
	route := wacloud.NewRoute[routeAll](routeAllPattern)
	f.Fuzz(func(t *testing.T, s string, i int64, u uint8, b bool, rest1, rest2, outside string) {
		want := routeAll{S: s, I: int8(i), U: uint16(u) << (uint8(i) % 9), B: b, T: routeUUID{u, byte(i)}, Path: []string{rest1, rest2}}
		want.Path = want.Path[:uint8(i)%3]
		id := route.ID(want)
		require.True(t, utf8.ValidString(id))
		require.False(t, strings.ContainsFunc(id, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }))
		require.Equal(t, 6+max(len(want.Path), 1), strings.Count(id, ":"))
		got, err := route.Parse(id)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(want, got, cmpopts.EquateEmpty()))

		r := wacloud.NewRouter()
		var reached routeAll
		wacloud.On(r, route, func(_ context.Context, e *wacloud.Event, p routeAll) error {
			reached = p
			require.Equal(t, s, e.Param("s"))
			return nil
		})
		require.NoError(t, r.Handle(t.Context(), tapOn(id)))
		require.Empty(t, cmp.Diff(want, reached, cmpopts.EquateEmpty()))

		got, err = route.Parse(outside)
		if err != nil {
			require.ErrorIs(t, err, wacloud.ErrBadID)
			require.Zero(t, got)
			return
		}
		again, err := route.Parse(route.ID(got))
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(got, again, cmpopts.EquateEmpty()))
	})
}
