package wacloud_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

func TestPhoneIsSentAsPlusAndDigits(t *testing.T) {
	t.Parallel()
	for _, number := range []string{
		"5511999999999", "+5511999999999", "+55 11 99999-9999", "+55 (11) 99999.9999", "(+55) 11 99999 9999", " +55-11-99999-9999 ",
		"+55\u00a011\u00a099999\u20119999",
	} {
		require.Equal(t, wacloud.Phone("+5511999999999"), wacloud.Phone(number), "%q", number)
		body, err := wacloud.EncodeMessage(wacloud.Outgoing{To: wacloud.Phone(number), Message: wacloud.NewText("x")})
		require.NoError(t, err, "%q", number)
		require.Contains(t, string(body), `"to":"+5511999999999"`)
	}
}

func TestPhoneBounds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, number string
		ok           bool
	}{
		{"6 digits", "155500", false},
		{"7 digits", "1555000", true},
		{"15 digits", "155500012345678", true},
		{"16 digits", "1555000123456789", false},
		{"nothing", "", false},
		{"only a plus", "+", false},
		{"two pluses", "++15550001234", false},
		{"plus inside", "1+5550001234", false},
		{"plus at the end", "15550001234+", false},
		{"national number", "011999999999", false},
		{"dial-out prefix", "0055 11 99999-9999", false},
		{"full-width digits", "１５５５０００１２３４", false},
		{"Arabic digits", "١٥٥٥٠٠٠١٢٣٤", false},
		{"letters", "+1 555 CALL", false},
		{"extension", "+15550001234;ext=5", false},
		{"quote", `+15550001234","x":"`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := wacloud.EncodeMessage(wacloud.Outgoing{To: wacloud.Phone(tt.number), Message: wacloud.NewText("x")})
			if tt.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, wacloud.ErrInvalid)
			require.ErrorContains(t, err, "wacloud: validate: to: ")
			_, err = wacloud.Phone(tt.number).MarshalText()
			require.Error(t, err)
		})
	}
}

func TestRecipientText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, masked string
		r                  wacloud.Recipient
	}{
		{"phone", "phone:5511987654389", "phone:…89", wacloud.Phone("+55 11 98765-4389")},
		{"wa id", "wa_id:5511987654389", "wa_id:…89", wacloud.WaID("5511987654389")},
		{"user id", "user:BR.13491208655302741918", "user:…18", wacloud.UserID("BR.13491208655302741918")},
		{"group", "group:Y2FwaV9ncm91cDox", "group:…ox", wacloud.GroupID("Y2FwaV9ncm91cDox")},
		{"group with a colon", "group:a:b", "group:…", wacloud.GroupID("a:b")},
		{"nobody", "", "nobody", wacloud.Recipient{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text, err := tt.r.MarshalText()
			require.NoError(t, err)
			require.Equal(t, tt.text, string(text))
			var back wacloud.Recipient
			require.NoError(t, back.UnmarshalText(text))
			require.Equal(t, tt.r, back)
			require.Equal(t, tt.masked, tt.r.String())
			require.Equal(t, tt.text == "", tt.r.IsZero())
		})
	}
}

func TestRecipientUnmarshalRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"5511987654389", "+5511987654389", "phone", "phone:", "phone:12", "wa_id:", "wa_id:+55", "user:", "group:", "tel:5511987654389", "phone:…89"} {
		r := wacloud.WaID("1")
		err := r.UnmarshalText([]byte(text))
		require.Error(t, err, "%q", text)
		require.NotContains(t, err.Error(), "987654389")
		require.Equal(t, wacloud.WaID("1"), r, "%q changed it", text)
	}
}

func TestRecipientInJSON(t *testing.T) {
	t.Parallel()
	type job struct {
		To   wacloud.Recipient         `json:"to"`
		Seen map[wacloud.Recipient]int `json:"seen"`
	}
	want := job{wacloud.Phone("+5511987654389"), map[wacloud.Recipient]int{wacloud.UserID("BR.abc"): 1}}
	b, err := json.Marshal(want)
	require.NoError(t, err)
	require.JSONEq(t, `{"to":"phone:5511987654389","seen":{"user:BR.abc":1}}`, string(b))
	var got job
	require.NoError(t, json.Unmarshal(b, &got))
	require.Equal(t, want, got)
}

func TestRecipientNeverPrints(t *testing.T) {
	t.Parallel()
	for _, r := range []wacloud.Recipient{
		wacloud.Phone("+5511987654389"), wacloud.Phone("not 5511987654389"), wacloud.WaID("5511987654389"),
		wacloud.UserID("BR.5511987654389"), wacloud.GroupID("5511987654389"),
	} {
		o := wacloud.Outgoing{To: r, Message: wacloud.NewText("x")}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T %v"} {
			for _, v := range []any{r, &r, o, &o, []wacloud.Recipient{r}, map[wacloud.Recipient]int{r: 1}} {
				require.NotContains(t, fmt.Sprintf(verb, v), "5511", verb)
				require.NotContains(t, fmt.Sprintf(verb, v), "35353131", verb)
			}
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "to", r)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", slog.Any("to", r))
		require.NotContains(t, log.String(), "5511")
	}
}
