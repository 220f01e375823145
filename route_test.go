package wacloud_test

import (
	"context"
	"encoding/hex"
	"errors"
	"math"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// routeUUID writes and reads itself as text; writing has a value receiver, reading needs a pointer.
type routeUUID [4]byte

func (u routeUUID) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(u[:])), nil }

func (u *routeUUID) UnmarshalText(text []byte) error {
	if len(text) != 2*len(u) {
		return errors.New("wrong length")
	}
	_, err := hex.Decode(u[:], text)
	return err
}

// routeFussy cannot write everything: its MarshalText fails for "fail" and panics for "panic". So does reading.
type routeFussy struct{ s string }

func (f *routeFussy) MarshalText() ([]byte, error) { return []byte(f.s), f.trouble() }

func (f *routeFussy) UnmarshalText(text []byte) error {
	f.s = string(text)
	return f.trouble()
}

func (f *routeFussy) trouble() error {
	switch f.s {
	case "fail":
		return errors.New("no")
	case "panic":
		panic("no")
	}
	return nil
}

type routeName string

type routeWriteOnly struct{}

func (routeWriteOnly) MarshalText() ([]byte, error) { return nil, nil }

type routeReadOnly struct{}

func (*routeReadOnly) UnmarshalText([]byte) error { return nil }

// The ids are written here by hand: they are in chats already, so they never change.
func TestRouteIDGrammar(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		id   string
		want string
	}{
		{"string", wacloud.NewRoute[string]("p:{v}").ID("maçã"), "p:maçã"},
		{"named string", wacloud.NewRoute[routeName]("p:{v}").ID("x"), "p:x"},
		{"empty string", wacloud.NewRoute[string]("p:{v}").ID(""), "p:%"},
		{"percent", wacloud.NewRoute[string]("p:{v}").ID("100%"), "p:100%25"},
		{"a lone percent", wacloud.NewRoute[string]("p:{v}").ID("%"), "p:%25"},
		{"separator", wacloud.NewRoute[string]("p:{v}").ID("a:b"), "p:a%3Ab"},
		{"spaces", wacloud.NewRoute[string]("p:{v}").ID(" a b "), "p:%20a%20b%20"},
		{"wide space", wacloud.NewRoute[string]("p:{v}").ID("a\u3000"), "p:a%E3%80%80"},
		{"no-break space", wacloud.NewRoute[string]("p:{v}").ID("a\u00a0b"), "p:a%C2%A0b"},
		{"control characters", wacloud.NewRoute[string]("p:{v}").ID("\x00\n\t\x7f\u0085"), "p:%00%0A%09%7F%C2%85"},
		{"not UTF-8", wacloud.NewRoute[string]("p:{v}").ID("a\xffb\xc3"), "p:a%FFb%C3"},
		{"the replacement character", wacloud.NewRoute[string]("p:{v}").ID("\ufffd"), "p:\ufffd"},
		{"emoji", wacloud.NewRoute[string]("p:{v}").ID("🛵"), "p:🛵"},
		{"other marks", wacloud.NewRoute[string]("p:{v}").ID("a|b/c~d{e}_-.+"), "p:a|b/c~d{e}_-.+"},
		{"int", wacloud.NewRoute[int]("p:{v}").ID(3), "p:3"},
		{"negative", wacloud.NewRoute[int]("p:{v}").ID(-3), "p:-3"},
		{"zero", wacloud.NewRoute[int]("p:{v}").ID(0), "p:0"},
		{"smallest", wacloud.NewRoute[int64]("p:{v}").ID(math.MinInt64), "p:-9223372036854775808"},
		{"largest", wacloud.NewRoute[uint64]("p:{v}").ID(math.MaxUint64), "p:18446744073709551615"},
		{"true", wacloud.NewRoute[bool]("p:{v}").ID(true), "p:true"},
		{"false", wacloud.NewRoute[bool]("p:{v}").ID(false), "p:false"},
		{"text, value receiver", wacloud.NewRoute[routeUUID]("p:{v}").ID(routeUUID{1, 2, 3, 255}), "p:010203ff"},
		{"text, pointer receiver", wacloud.NewRoute[routeFussy]("p:{v}").ID(routeFussy{"a:b"}), "p:a%3Ab"},
		{"address", wacloud.NewRoute[netip.Addr]("p:{v}").ID(netip.MustParseAddr("::1")), "p:%3A%3A1"},
		{"time", wacloud.NewRoute[time.Time]("p:{v}").ID(time.Unix(0, 0).UTC()), "p:1970-01-01T00%3A00%3A00Z"},
		{"rest", wacloud.NewRoute[[]string]("p:{v...}").ID([]string{"a", "b:c", ""}), "p:a:b%3Ac:%"},
		{"rest of one empty string", wacloud.NewRoute[[]string]("p:{v...}").ID([]string{""}), "p:%"},
		{"rest of nothing", wacloud.NewRoute[[]string]("p:{v...}").ID(nil), "p:"},
		{"no parameter", wacloud.NewRoute[wacloud.None]("cart:view").ID(wacloud.None{}), "cart:view"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.id)
		})
	}
}

type routeAll struct {
	S    string    `id:"s"`
	I    int8      `id:"i"`
	U    uint16    `id:"u"`
	B    bool      `id:"b"`
	T    routeUUID `id:"t"`
	Skip int       `id:"-"`
	Path []string  `id:"path"`
}

const routeAllPattern = "all:{t}:{s}:x:{b}:{u}:{i}:{path...}"

func TestRouteRoundTrip(t *testing.T) {
	t.Parallel()
	route := wacloud.NewRoute[routeAll](routeAllPattern)
	require.Equal(t, routeAllPattern, route.Pattern())
	want := routeAll{S: "a:b", I: -128, U: 65535, B: true, T: routeUUID{9}, Path: []string{"", "%", "x y"}}
	id := route.ID(want)
	require.Equal(t, "all:09000000:a%3Ab:x:true:65535:-128:%:%25:x%20y", id)
	got, err := route.Parse(id)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, got))

	var reached routeAll
	var s, path string
	r := wacloud.NewRouter()
	wacloud.On(r, route, func(_ context.Context, e *wacloud.Event, p routeAll) error {
		reached, s, path = p, e.Param("s"), e.Param("path")
		return nil
	})
	require.NoError(t, r.Handle(t.Context(), tapOn(id)))
	require.Empty(t, cmp.Diff(want, reached))
	require.Equal(t, "a:b", s)
	require.Equal(t, "%:%25:x%20y", path)
}

func TestRouteParse(t *testing.T) {
	t.Parallel()
	parse := func(route interface{ Pattern() string }, id string) (any, error) {
		switch route := route.(type) {
		case *wacloud.Route[int8]:
			return route.Parse(id)
		case *wacloud.Route[uint8]:
			return route.Parse(id)
		case *wacloud.Route[bool]:
			return route.Parse(id)
		case *wacloud.Route[string]:
			return route.Parse(id)
		case *wacloud.Route[[]string]:
			return route.Parse(id)
		case *wacloud.Route[routeUUID]:
			return route.Parse(id)
		case *wacloud.Route[routeFussy]:
			return route.Parse(id)
		}
		panic("unknown route")
	}
	int8s, uint8s := wacloud.NewRoute[int8]("p:{v}"), wacloud.NewRoute[uint8]("p:{v}")
	bools, texts := wacloud.NewRoute[bool]("p:{v}"), wacloud.NewRoute[string]("p:{v}")
	rests, uuids := wacloud.NewRoute[[]string]("p:{v...}"), wacloud.NewRoute[routeUUID]("p:{v}")
	fussy := wacloud.NewRoute[routeFussy]("p:{v}")
	tests := []struct {
		name  string
		route interface{ Pattern() string }
		id    string
		want  any // nil: ErrBadID
	}{
		{"int", int8s, "p:12", int8(12)},
		{"zero", int8s, "p:0", int8(0)},
		{"negative", int8s, "p:-128", int8(-128)},
		{"leading zero", int8s, "p:03", nil},
		{"plus", int8s, "p:+3", nil},
		{"negative zero", int8s, "p:-0", nil},
		{"negative leading zero", int8s, "p:-03", nil},
		{"two zeros", int8s, "p:00", nil},
		{"minus alone", int8s, "p:-", nil},
		{"too large", int8s, "p:128", nil},
		{"too small", int8s, "p:-129", nil},
		{"hexadecimal", int8s, "p:0x1", nil},
		{"underscore", int8s, "p:1_0", nil},
		{"a float", int8s, "p:1.0", nil},
		{"a space", int8s, "p: 1", nil},
		{"an escaped digit", int8s, "p:%31", nil},
		{"Arabic digits", int8s, "p:٣", nil},
		{"empty value", int8s, "p:%", nil},
		{"empty segment", int8s, "p:", nil},
		{"one segment more", int8s, "p:1:2", nil},
		{"other route", int8s, "q:1", nil},
		{"empty id", int8s, "", nil},
		{"uint", uint8s, "p:255", uint8(255)},
		{"uint too large", uint8s, "p:256", nil},
		{"uint with a sign", uint8s, "p:-1", nil},
		{"uint with a plus", uint8s, "p:+1", nil},
		{"uint with a leading zero", uint8s, "p:01", nil},
		{"true", bools, "p:true", true},
		{"false", bools, "p:false", false},
		{"True", bools, "p:True", nil},
		{"1", bools, "p:1", nil},
		{"string", texts, "p:maçã", "maçã"},
		{"string with escapes", texts, "p:a%3Ab%FF", "a:b\xff"},
		{"string with needless escapes", texts, "p:%41%6a", "Aj"},
		{"string with a raw space", texts, "p:a b", "a b"},
		{"empty string", texts, "p:%", ""},
		{"broken escape", texts, "p:%zz", nil},
		{"cut escape", texts, "p:a%4", nil},
		{"percent at the end", texts, "p:a%", nil},
		{"rest", rests, "p:a:%:b%3Ac", []string{"a", "", "b:c"}},
		{"rest of nothing", rests, "p:", []string(nil)},
		{"rest with an empty segment", rests, "p:a::b", nil},
		{"rest with a broken escape", rests, "p:a:%zz", nil},
		{"rest without a separator", rests, "p", nil},
		{"text", uuids, "p:010203ff", routeUUID{1, 2, 3, 255}},
		{"text that its type refuses", uuids, "p:0102", nil},
		{"text with a broken escape", uuids, "p:%zz", nil},
		{"text whose type fails", fussy, "p:fail", nil},
		{"text whose type panics", fussy, "p:panic", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := parse(tt.route, tt.id)
			if tt.want == nil {
				require.ErrorIs(t, err, wacloud.ErrBadID)
				require.True(t, strings.HasPrefix(err.Error(), `wacloud: route "p:{v`), err.Error())
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

// What a user could have typed into an id does not get into an error.
func TestRouteParseErrorHoldsNoValue(t *testing.T) {
	t.Parallel()
	_, err := wacloud.NewRoute[int]("call:{n}").Parse("call:+5511987654321")
	require.EqualError(t, err, `wacloud: route "call:{n}": {n} does not hold: wacloud: bad id`)
	_, err = wacloud.NewRoute[int]("call:{n}").Parse("5511987654321")
	require.EqualError(t, err, `wacloud: route "call:{n}": no pattern matches: wacloud: bad id`)
}

func TestRouteBuildsButtonsAndRows(t *testing.T) {
	t.Parallel()
	route := wacloud.NewRoute[int]("cart:remove:{n}")
	require.Equal(t, wacloud.Button{ID: "cart:remove:3", Title: "Remover"}, route.Button("Remover", 3))
	require.Equal(t, wacloud.Row{ID: "cart:remove:3", Title: "Remover", Description: "2 cafés"}, route.Row("Remover", "2 cafés", 3))
}

// A value that cannot be written fails where the message is checked, by the name of its route.
func TestRouteIDThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	fussy := wacloud.NewRoute[routeFussy]("shop:{v}")
	signer, err := wacloud.NewIDSigner(wacloud.NewSecret("0123456789abcdef"))
	require.NoError(t, err)
	var noKey wacloud.IDSigner
	tests := []struct {
		name string
		id   string
		want string
	}{
		{"error", fussy.ID(routeFussy{"fail"}), `route "shop:{v}": {v} cannot be written`},
		{"panic", fussy.ID(routeFussy{"panic"}), `route "shop:{v}": {v} cannot be written`},
		{"rest that leaves nothing", wacloud.NewRoute[[]string]("{all...}").ID(nil), `route "{all...}": the id is empty`},
		{"signed", signer.Sign(fussy.ID(routeFussy{"fail"}), "somebody", 0), "shop:{v}"},
		{"signed for nobody", signer.Sign("shop:1", "", 0), "signed id: no user"},
		{"signed without a key", noKey.Sign("shop:1", "somebody", 0), "signed id: the signer has no key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := wacloud.NewButtons("Body", wacloud.Button{ID: tt.id, Title: "Tap"}).Validate()
			require.ErrorIs(t, err, wacloud.ErrInvalid)
			require.ErrorContains(t, err, tt.want)
			list := wacloud.NewList("Body", wacloud.Menu{Button: "Menu", Sections: wacloud.Rows(wacloud.Row{ID: tt.id, Title: "Tap"})})
			require.ErrorContains(t, list.Validate(), tt.want)
		})
	}
}

func TestRouteAlias(t *testing.T) {
	t.Parallel()
	type item struct {
		Shop string `id:"shop"`
		N    int    `id:"n"`
	}
	first := wacloud.NewRoute[item]("item:{shop}:{n}")
	route := first.Alias("cart_item:{n}").Alias("i:{n}:{shop}:v1")
	require.Equal(t, "item:{shop}:{n}", route.Pattern())
	require.Equal(t, "item:a:3", route.ID(item{"a", 3}), "aliases are never written")

	for id, want := range map[string]item{"item:a:3": {"a", 3}, "cart_item:4": {"", 4}, "i:5:b:v1": {"b", 5}} {
		got, err := route.Parse(id)
		require.NoError(t, err)
		require.Equal(t, want, got)

		r := wacloud.NewRouter()
		var reached item
		wacloud.On(r, route, func(_ context.Context, _ *wacloud.Event, p item) error {
			reached = p
			return nil
		})
		require.NoError(t, r.Handle(t.Context(), tapOn(id)))
		require.Equal(t, want, reached)
	}
	_, err := first.Parse("cart_item:4")
	require.ErrorIs(t, err, wacloud.ErrBadID, "the route that the alias was added to has not changed")
	require.Contains(t, panicText(func() { first.Alias("other:{x}") }), "has the tag `id:\"x\"`")
	require.Contains(t, panicText(func() { first.Alias("item:{n}:{shop}") }), "matches both")
	require.Regexp(t, `Alias\("item:" *\) at .*route_test\.go:\d+: `, panicText(func() { first.Alias("item:") }))
}

func TestNewRoutePanics(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		make func()
		want string
	}{
		{"field without a parameter", func() {
			wacloud.NewRoute[struct {
				A int `id:"a"`
				B int `id:"b"`
			}]("x:{a}")
		}, `field B of struct { A int "id:\"a\""; B int "id:\"b\"" } has the tag "b", and the pattern has no {b}`},
		{"parameter without a field", func() {
			wacloud.NewRoute[struct {
				A int `id:"a"`
			}]("x:{a}:{b}")
		}, "has the tag `id:\"b\"`"},
		{"field without a tag", func() { wacloud.NewRoute[struct{ A int }]("x") }, "field A of struct { A int }: it has no tag"},
		{"field that is not exported", func() {
			wacloud.NewRoute[struct {
				a int `id:"a"`
			}]("x:{a}")
		}, "it is not exported"},
		{"empty tag", func() {
			wacloud.NewRoute[struct {
				A int `id:""`
			}]("x:{a}")
		}, `the tag "" is no name`},
		{"same tag twice", func() {
			wacloud.NewRoute[struct {
				A int `id:"a"`
				B int `id:"a"`
			}]("x:{a}")
		}, "fields A and B of"},
		{"float", func() { wacloud.NewRoute[float64]("x:{a}") }, "float64 is no string, integer"},
		{"bytes", func() { wacloud.NewRoute[[]byte]("x:{a}") }, "[]uint8 is no string, integer"},
		{"map", func() { wacloud.NewRoute[map[string]string]("x:{a}") }, "is no string, integer"},
		{"pointer", func() { wacloud.NewRoute[*int]("x:{a}") }, "*int can be nil"},
		{"pointer to a text", func() { wacloud.NewRoute[*big.Int]("x:{a}") }, "*big.Int can be nil"},
		{"interface", func() { wacloud.NewRoute[any]("x:{a}") }, "can be nil"},
		{"struct in a field", func() {
			wacloud.NewRoute[struct {
				A struct{} `id:"a"`
			}]("x:{a}")
		}, "field A of"},
		{"writes and does not read", func() { wacloud.NewRoute[routeWriteOnly]("x:{a}") }, "has MarshalText and no UnmarshalText"},
		{"reads and does not write", func() { wacloud.NewRoute[routeReadOnly]("x:{a}") }, "has UnmarshalText and no MarshalText"},
		{"scalar for two parameters", func() { wacloud.NewRoute[int]("x:{a}:{b}") }, "it has 2 parameters"},
		{"scalar for none", func() { wacloud.NewRoute[int]("x") }, "it has no parameter for int; use None"},
		{"None with a parameter", func() { wacloud.NewRoute[wacloud.None]("x:{a}") }, "no field of wacloud.None has the tag"},
		{"string for a rest", func() { wacloud.NewRoute[string]("x:{a...}") }, "{a...} is a []string, not string"},
		{"slice for one segment", func() { wacloud.NewRoute[[]string]("x:{a}") }, "{a} is one segment, a []string is {a...}"},
		{"plain prefix", func() { wacloud.NewRoute[[]string]("x:") }, "a typed route names its rest"},
		{"plain prefix and None", func() { wacloud.NewRoute[wacloud.None]("x:") }, "a typed route names its rest"},
		{"plain prefix in a struct", func() {
			wacloud.NewRoute[struct {
				A int `id:"a"`
			}]("x:{a}:")
		}, "a typed route names its rest"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := panicText(tt.make)
			require.Contains(t, text, tt.want)
			require.Regexp(t, `^wacloud: NewRoute\("x.*"\) at .*route_test\.go:\d+: `, text)
		})
	}
}

func TestOnConflictNamesBothCalls(t *testing.T) {
	t.Parallel()
	a, b := wacloud.NewRoute[int]("page:{n}"), wacloud.NewRoute[string]("page:{name}")
	text := panicText(func() {
		r := wacloud.NewRouter()
		wacloud.On(r, a, func(context.Context, *wacloud.Event, int) error { return nil })
		wacloud.On(r, b, func(context.Context, *wacloud.Event, string) error { return nil })
	})
	require.Regexp(t, `pattern "page:\{name\}" \(registered at \S+/route_test\.go:\d+\) conflicts with `+
		`pattern "page:\{n\}" \(registered at \S+/route_test\.go:\d+\): "page:x" matches both`, text)
}
