package wacloud_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

func routerNothing(context.Context, *wacloud.Event) error { return nil }

// panicText runs f and returns what it panicked with, or "".
func panicText(f func()) (text string) {
	defer func() {
		if p := recover(); p != nil {
			text = fmt.Sprint(p)
		}
	}()
	f()
	return ""
}

func TestRouterPatterns(t *testing.T) {
	t.Parallel()
	type reached struct {
		Pattern string
		Params  map[string]string
		Rest    string
	}
	tests := []struct {
		name     string
		patterns []string
		id       string
		want     reached
	}{
		{"literal", []string{"delivery"}, "delivery", reached{Pattern: "delivery"}},
		{"literal is no prefix", []string{"delivery"}, "delivery:now", reached{}},
		{"literal is no part", []string{"delivery"}, "deliver", reached{}},
		{"case matters", []string{"delivery"}, "Delivery", reached{}},
		{"spaces and accents", []string{"não sei"}, "não sei", reached{Pattern: "não sei"}},
		{"parameter", []string{"restaurant:{id}"}, "restaurant:7f3", reached{"restaurant:{id}", map[string]string{"id": "7f3"}, ""}},
		{"parameter is not empty", []string{"restaurant:{id}"}, "restaurant:", reached{}},
		{"parameter is one segment", []string{"restaurant:{id}"}, "restaurant:a:b", reached{}},
		{"parameter alone", []string{"{id}"}, "anything", reached{"{id}", map[string]string{"id": "anything"}, ""}},
		{"two parameters", []string{"{a}:x:{b}"}, "1:x:2", reached{"{a}:x:{b}", map[string]string{"a": "1", "b": "2"}, ""}},
		{"parameter with an empty neighbour", []string{"{a}:x:{b}"}, ":x:2", reached{}},
		{"escape", []string{"p:{v}"}, "p:a%3Ab%20c", reached{"p:{v}", map[string]string{"v": "a:b c"}, ""}},
		{"lower case escape", []string{"p:{v}"}, "p:a%3ab", reached{"p:{v}", map[string]string{"v": "a:b"}, ""}},
		{"lone percent is empty", []string{"p:{v}"}, "p:%", reached{"p:{v}", map[string]string{"v": ""}, ""}},
		{"broken escape comes raw", []string{"p:{v}"}, "p:100%zz", reached{"p:{v}", map[string]string{"v": "100%zz"}, ""}},
		{"cut escape comes raw", []string{"p:{v}"}, "p:100%2", reached{"p:{v}", map[string]string{"v": "100%2"}, ""}},
		{"prefix with nothing behind", []string{"order:"}, "order:", reached{Pattern: "order:"}},
		{"prefix with one segment", []string{"order:"}, "order:7", reached{Pattern: "order:", Rest: "7"}},
		{"prefix with several", []string{"order:"}, "order:7::x%3A", reached{Pattern: "order:", Rest: "7::x%3A"}},
		{"prefix is not the word", []string{"order:"}, "order", reached{}},
		{"prefix ends at a segment", []string{"order:"}, "orders:7", reached{}},
		{"prefix in long", []string{"order:{...}"}, "order:7", reached{Pattern: "order:{...}", Rest: "7"}},
		{"rest", []string{"file:{path...}"}, "file:a:b", reached{"file:{path...}", map[string]string{"path": "a:b"}, "a:b"}},
		{"rest alone", []string{"{all...}"}, "a:b", reached{"{all...}", map[string]string{"all": "a:b"}, "a:b"}},
		{"rest takes an empty first segment", []string{"{all...}"}, ":b", reached{"{all...}", map[string]string{"all": ":b"}, ":b"}},
		{"empty id", []string{"{all...}"}, "", reached{}},
		{"literal before parameter", []string{"cart:view", "cart:{x}", "cart:"}, "cart:view", reached{Pattern: "cart:view"}},
		{"parameter before rest", []string{"cart:view", "cart:{x}", "cart:"}, "cart:2", reached{"cart:{x}", map[string]string{"x": "2"}, ""}},
		{"rest last", []string{"cart:view", "cart:{x}", "cart:"}, "cart:2:3", reached{Pattern: "cart:", Rest: "2:3"}},
		{"empty goes to the rest", []string{"cart:view", "cart:{x}", "cart:"}, "cart:", reached{Pattern: "cart:"}},
		{"longer prefix", []string{"a:", "a:b:", "a:b:c:"}, "a:b:x", reached{Pattern: "a:b:", Rest: "x"}},
		{"back from a literal", []string{"a:b:c", "a:{x}:d", "a:"}, "a:b:d", reached{"a:{x}:d", map[string]string{"x": "b"}, ""}},
		{"back to a rest", []string{"a:b:c", "a:{x}:d", "a:"}, "a:b:e", reached{Pattern: "a:", Rest: "b:e"}},
		{"back over two levels", []string{"a:b:c:d", "a:{x}:{y}:e", "{all...}"}, "a:b:c:f", reached{"{all...}", map[string]string{"all": "a:b:c:f"}, "a:b:c:f"}},
		{"nothing", []string{"a:b:c", "a:{x}:d"}, "z", reached{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for range 2 {
				var got reached
				r := wacloud.NewRouter()
				for _, pattern := range tt.patterns {
					r.Reply(pattern, func(_ context.Context, e *wacloud.Event) error {
						got = reached{Pattern: e.Route().Pattern, Rest: e.Rest()}
						for name := range tt.want.Params {
							if got.Params == nil {
								got.Params = make(map[string]string)
							}
							got.Params[name] = e.Param(name)
						}
						require.Empty(t, e.Param("unknown"))
						require.Empty(t, e.Param(""))
						return nil
					})
				}
				r.NotFound(routerNothing)
				require.NoError(t, r.Handle(t.Context(), tapOn(tt.id)))
				require.Empty(t, cmp.Diff(tt.want, got))

				info, params, ok := r.Lookup(tt.id)
				require.Equal(t, tt.want.Pattern != "", ok)
				require.Equal(t, tt.want.Pattern, info.Pattern)
				for name, value := range tt.want.Params {
					require.Equal(t, value, params[name])
				}
				require.Len(t, params, len(tt.want.Params))
				slices.Reverse(tt.patterns) // the order of registration never matters
			}
		})
	}
}

func TestRouterConflicts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		a, b string
		both string // an id that both match, "" where one is more specific or none matches both
	}{
		{"same literal", "a", "a", "a"},
		{"same pattern", "a:{x}", "a:{x}", "a:x"},
		{"other name", "a:{x}", "a:{y}", "a:x"},
		{"prefix in two forms", "a:", "a:{...}", "a:x"},
		{"prefix and named rest", "a:", "a:{r...}", "a:x"},
		{"crossed", "a:b:{y}", "a:{x}:c", "a:b:c"},
		{"crossed at the ends", "{x}:b", "a:{y}", "a:b"},
		{"crossed with a rest", "a:", "{x}:b", "a:b"},
		{"crossed with a longer one", "a:", "{x}:b:c", "a:b:c"},
		{"crossed rests", "a:{x}:c:", "a:b:{y}:", "a:b:c:x"},
		{"crossed, one rest further", "a:{x}:", "{y}:b:c:", "a:b:c:x"},
		{"literal in a parameter", "a:b", "a:{x}", ""},
		{"parameter in a rest", "a:{x}", "a:", ""},
		{"literal in a rest", "a:b:c", "a:", ""},
		{"rest in a rest", "a:b:", "a:", ""},
		{"rest below a parameter", "a:", "{x}:", ""},
		{"all below a catch-all", "{x}:b:", "{all...}", ""},
		{"other literal", "a:{x}:c", "a:{x}:d", ""},
		{"other length", "a:{x}", "a:{x}:{y}", ""},
		{"word and prefix", "a", "a:", ""},
		{"crossed and apart", "a:{x}:c", "{y}:b:d", ""},
		{"narrower at two segments", "a:b:{z}", "{x}:{y}:{z}", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, order := range [][2]string{{tt.a, tt.b}, {tt.b, tt.a}} {
				text := panicText(func() {
					r := wacloud.NewRouter()
					r.Reply(order[0], routerNothing)
					r.Reply(order[1], routerNothing)
				})
				if tt.both == "" {
					require.Empty(t, text)
					continue
				}
				require.Contains(t, text, fmt.Sprintf("%q matches both", tt.both))
				require.Contains(t, text, fmt.Sprintf("pattern %q (registered at ", order[0]))
				require.Contains(t, text, fmt.Sprintf("pattern %q (registered at ", order[1]))
				sites := regexp.MustCompile(`pattern_test\.go:(\d+)\)`).FindAllString(text, -1)
				require.Len(t, sites, 2)
				require.NotEqual(t, sites[0], sites[1])
			}
		})
	}
}

func TestRouterBadPatterns(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, pattern, want string
	}{
		{"empty", "", "it is empty"},
		{"separator alone", ":", "empty segment"},
		{"empty first segment", ":a", "empty segment"},
		{"empty middle segment", "a::b", "empty segment"},
		{"two separators at the end", "a::", "empty segment"},
		{"leading space", " a", "begins or ends with a space"},
		{"trailing space", "a ", "begins or ends with a space"},
		{"line break", "a\nb", "control character"},
		{"zero byte", "a\x00b", "control character"},
		{"not UTF-8", "a\xff", "not valid UTF-8"},
		{"half a brace", "a:{x", "fills a whole segment"},
		{"other half", "a:x}", "fills a whole segment"},
		{"text before", "a:b{x}", "fills a whole segment"},
		{"text behind", "a:{x}b", "fills a whole segment"},
		{"braces in braces", "a:{{x}}", "fills a whole segment"},
		{"no name", "a:{}", "is no name"},
		{"digit first", "a:{1x}", "is no name"},
		{"hyphen", "a:{x-y}", "is no name"},
		{"type in the name", "a:{x=int}", "is no name"},
		{"two dots", "a:{x..}", "is no name"},
		{"same name twice", "{x}:{x}", "stands in it twice"},
		{"rest in the middle", "{x...}:a", "nothing can stand behind it"},
		{"plain rest in the middle", "a:{...}:b", "nothing can stand behind it"},
		{"prefix behind a rest", "a:{x...}:", "nothing can stand behind it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := panicText(func() { wacloud.NewRouter().Reply(tt.pattern, routerNothing) })
			require.Contains(t, text, tt.want)
			require.Regexp(t, `^wacloud: pattern ".*" at .*pattern_test\.go:\d+: `, text)
			typed := panicText(func() { wacloud.NewRoute[string](tt.pattern) })
			require.Contains(t, typed, tt.want)
			require.Regexp(t, `^wacloud: NewRoute\(".*"\) at .*pattern_test\.go:\d+: `, typed)
		})
	}
}
