package wire

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func TestParseTakesWhatEncodingJSONTakes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   string
		ok   bool
	}{
		{"empty", "", false},
		{"only space", " \n", false},
		{"null", "null", true},
		{"true", "true", true},
		{"false", " false ", true},
		{"half a word", "tru", false},
		{"two values", "1 2", false},
		{"byte order mark", "\xef\xbb\xbf{}", false},
		{"NaN", "NaN", false},
		{"minus zero", "-0", true},
		{"leading zero", "01", false},
		{"fraction", "1.5", true},
		{"no digit after the point", "1.", false},
		{"exponent", "1e+10", true},
		{"no digit in the exponent", "1e", false},
		{"plus", "+1", false},
		{"empty object", "{ }", true},
		{"empty array", "[\t]", true},
		{"nested", `{"a":[1,{"b":null}],"c":"d"}`, true},
		{"comma at the end of an array", "[1,]", false},
		{"comma at the end of an object", `{"a":1,}`, false},
		{"no colon", `{"a" 1}`, false},
		{"no value", `{"a":}`, false},
		{"key that is no string", `{1:2}`, false},
		{"wrong bracket", "[1}", false},
		{"open array", "[[1]", false},
		{"open string", `"abc`, false},
		{"escapes", `"\"\\\/\b\f\n\r\t\u00e4"`, true},
		{"unknown escape", `"\x41"`, false},
		{"short unicode escape", `"\u00e"`, false},
		{"control character in a string", "\"a\nb\"", false},
		{"NUL in a string", "\"a\x00b\"", false},
		{"invalid UTF-8 in a string", "\"\xff\"", true},
		{"lone surrogate", `"\ud800"`, true},
		{"long string with a control character at the end", `"` + strings.Repeat("a", 23) + "\x1f\"", false},
		{"10,000 levels", strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), true},
		{"10,001 levels", strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001), false},
		{"10,001 levels of objects", strings.Repeat(`{"a":`, 10_000) + "{}" + strings.Repeat("}", 10_000), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(tt.in))
			if tt.ok {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, ErrSyntax)
			}
			require.Equal(t, tt.ok, json.Valid([]byte(tt.in)), "the table disagrees with encoding/json")
		})
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	v, err := Parse([]byte(` {"id":"a","ID":"b","id":"c", "n" : [ 1 , 2 ] ,"\u0065scaped":true,"o":{"x":null}} `))
	require.NoError(t, err)
	require.Equal(t, `"c"`, string(v.Get("id")), "the last one counts, and only in this case")
	require.Equal(t, `"b"`, string(v.Get("ID")))
	require.Equal(t, `[ 1 , 2 ]`, string(v.Get("n")))
	require.Equal(t, "true", string(v.Get("escaped")))
	require.Equal(t, Null, v.Get("o").Get("x").Kind())
	require.Equal(t, Absent, v.Get("o").Get("x").Get("y").Kind())
	require.Equal(t, Absent, v.Get("n").Get("id").Kind())

	var elements []string
	for i, e := range v.Get("n").Elements {
		require.Equal(t, len(elements), i)
		elements = append(elements, string(e))
	}
	require.Empty(t, cmp.Diff([]string{"1", "2"}, elements))
}

func TestScalars(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		in      string
		text    string
		integer int64
		isInt   bool
		float   float64
		isFloat bool
		isTrue  bool
	}{
		{"absent", "", "", 0, false, 0, false, false},
		{"null", "null", "", 0, false, 0, false, false},
		{"object", "{}", "", 0, false, 0, false, false},
		{"true", "true", "true", 0, false, 0, false, true},
		{"true as text", `"true"`, "true", 0, false, 0, false, true},
		{"false", "false", "false", 0, false, 0, false, false},
		{"integer", "42", "42", 42, true, 42, true, false},
		{"integer as text", `"-42"`, "-42", -42, true, -42, true, false},
		{"price", "12.5", "12.5", 0, false, 12.5, true, false},
		{"point as text", `"48.85"`, "48.85", 0, false, 48.85, true, false},
		{"exponent", "1e3", "1e3", 1000, true, 1000, true, false},
		{"over int64", "9223372036854775808", "9223372036854775808", 0, false, 9223372036854775808, true, false},
		{"over float64", "1e999", "1e999", 0, false, 0, false, false},
		{"words that Go takes for numbers", `"Inf"`, "Inf", 0, false, 0, false, false},
		{"hexadecimal", `"0x10"`, "0x10", 0, false, 0, false, false},
		{"empty text", `""`, "", 0, false, 0, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := Value(tt.in)
			require.Equal(t, tt.text, v.Text())
			require.Equal(t, tt.text, v.View())
			n, ok := v.Int()
			require.Equal(t, tt.isInt, ok)
			require.Equal(t, tt.integer, n)
			f, ok := v.Float()
			require.Equal(t, tt.isFloat, ok)
			if ok {
				require.InDelta(t, tt.float, f, 0)
			}
			require.Equal(t, tt.isTrue, v.True())
		})
	}
}

func TestStr(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"plain", `"abc"`, "abc"},
		{"escapes", `"a\"\\\/\b\f\n\r\tz"`, "a\"\\/\b\f\n\r\tz"},
		{"as Meta signs it", `"\u00e4\/\ud83d\ude00"`, "ä/😀"},
		{"raw", `"ä😀"`, "ä😀"},
		{"lone high surrogate", `"\ud83dx"`, "\ufffdx"},
		{"lone low surrogate", `"\ude00"`, "\ufffd"},
		{"high surrogate and another character", `"\ud83d\u0041"`, "\ufffdA"},
		{"invalid UTF-8", "\"a\xffb\"", "a\ufffdb"},
		{"NUL", `"\u0000"`, "\x00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v, err := Parse([]byte(tt.in))
			require.NoError(t, err)
			got, ok := v.Str()
			require.True(t, ok)
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.want, v.View())
		})
	}
	_, ok := Value("5").Str()
	require.False(t, ok)
}

func TestReadingAllocatesNothing(t *testing.T) {
	in := []byte(`{"a":[{"b":"text"},{"b":2}],"c":{"d":"é"}}`)
	sum := 0
	allocs := testing.AllocsPerRun(100, func() {
		v, err := Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		for key, member := range v.Members {
			sum += len(key)
			for _, e := range member.Elements {
				sum += len(e.Get("b").View())
			}
		}
		sum += len(v.Get("c").Get("d").View())
	})
	require.Zero(t, allocs)
	require.NotZero(t, sum)
}

func TestCursorSkipsWhatIsNotRead(t *testing.T) {
	t.Parallel()
	v, err := Parse([]byte(`{"skip":{"a":[1,{"b":"}"}]},"list":[[1],[2,3],4],"end":"x"}`))
	require.NoError(t, err)
	var got []string
	c := v.Cursor()
	for key := range c.Members {
		got = append(got, key)
		if key != "list" {
			continue
		}
		for i := range c.Elements {
			if i == 1 {
				for range c.Elements {
					got = append(got, string(c.Value()))
				}
			}
		}
	}
	require.Empty(t, cmp.Diff([]string{"skip", "list", "2", "3", "end"}, got))
}

// FuzzValue reads every input beside encoding/json.
func FuzzValue(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,2.5e3,-0,"x\u00e4\ud83d\ude00\\",null,true],"a":{}}`, "[[],{},\"\"]", "\"\xff\\ud800\"", "-", "[1 ,\n2]", "{\"k\":1,}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := Parse(in)
		if (err == nil) != json.Valid(in) {
			t.Fatalf("Parse(%q) says %v, encoding/json the opposite", in, err)
		}
		if err != nil {
			return
		}
		var want any
		dec := json.NewDecoder(strings.NewReader(string(in)))
		dec.UseNumber()
		if err := dec.Decode(&want); err != nil {
			t.Fatalf("%q is valid and does not decode: %v", in, err)
		}
		if diff := cmp.Diff(want, generic(v)); diff != "" {
			t.Fatalf("%q reads differently (-encoding/json +wire):\n%s", in, diff)
		}
	})
}

// generic decodes v as encoding/json decodes into an any, with numbers kept as text.
func generic(v Value) any {
	switch v.Kind() {
	case Object:
		m := map[string]any{}
		for key, member := range v.Members {
			m[key] = generic(member)
		}
		return m
	case Array:
		list := []any{}
		for _, e := range v.Elements {
			list = append(list, generic(e))
		}
		return list
	case String:
		s, _ := v.Str()
		return s
	case Number:
		return json.Number(v.Text())
	case Bool:
		return v.True()
	default:
		return nil
	}
}
