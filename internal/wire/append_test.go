package wire_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud/internal/wire"
)

func TestAppendString(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"empty", "", `""`},
		{"plain", "abc", `"abc"`},
		{"quote and backslash", `a"b\c`, `"a\"b\\c"`},
		{"line breaks and tab", "a\nb\rc\td", `"a\nb\rc\td"`},
		{"control characters", "\x00\x1f", `"\u0000\u001f"`},
		{"delete is no control character of JSON", "\x7f", "\"\x7f\""},
		{"no HTML escapes", "<a>&amp;</a>", `"<a>&amp;</a>"`},
		{"line separator", "\u2028", "\"\u2028\""},
		{"emoji", "é🍕👨‍👩‍👧", `"é🍕👨‍👩‍👧"`},
		{"each bad byte", "a\xff\xfeb\xf0\x9f", "\"a\uFFFD\uFFFDb\uFFFD\uFFFD\""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, "x"+tt.want, string(wire.AppendString([]byte("x"), tt.in)))
		})
	}
}

func TestAppendMembers(t *testing.T) {
	t.Parallel()
	b := wire.AppendOptional([]byte{'{'}, "none", "")
	b = wire.AppendField(b, "a", "1")
	b = wire.AppendOpen(b, "b", '[')
	b = append(wire.AppendField(append(wire.AppendComma(b), '{'), "c", "{"), '}')
	b = wire.AppendInt(wire.AppendComma(b), -2)
	b = wire.AppendOptional(append(b, ']'), "d", "[")
	b = append(wire.AppendField(b, "e", ""), '}')
	require.Equal(t, `{"a":"1","b":[{"c":"{"},-2],"d":"[","e":""}`, string(b))
	require.Empty(t, wire.AppendComma(nil))
}

func FuzzAppendString(f *testing.F) {
	f.Add("a\"\\\n\x00é🍕\xff")
	f.Fuzz(func(t *testing.T, s string) {
		b := wire.AppendString(nil, s)
		var got, want string
		require.NoError(t, json.Unmarshal(b, &got), "%q", b)
		reference, err := json.Marshal(s)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(reference, &want))
		require.Equal(t, want, got)
	})
}
