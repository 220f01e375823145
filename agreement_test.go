package wacloud_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/simulator"
)

// judge is a simulator over HTTP that looks at nothing but the message.
type judge struct {
	t     *testing.T
	base  string
	token string
	http  *http.Client
}

func newJudge(t *testing.T) *judge {
	t.Helper()
	sim, err := simulator.New(simulator.Options{})
	require.NoError(t, err)
	srv := httptest.NewServer(sim)
	t.Cleanup(func() {
		sim.Close()
		srv.Close()
	})
	j := &judge{t, srv.URL, sim.Config().AccessToken.Reveal(), srv.Client()}
	j.do(http.MethodPatch, "/_sim/settings", sim.ControlToken().Reveal(),
		`{"window":"off","pair_limit":false,"throughput":0,"auto_status":false}`, nil)
	return j
}

// verdict is Meta's envelope, empty for a message that was accepted.
type verdict struct {
	Error struct {
		Code int `json:"code"`
		Data struct {
			Details string `json:"details"`
		} `json:"error_data"`
	} `json:"error"`
}

func (j *judge) do(method, path, token, body string, into any) int {
	j.t.Helper()
	req, err := http.NewRequestWithContext(j.t.Context(), method, j.base+path, strings.NewReader(body))
	require.NoError(j.t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := j.http.Do(req)
	require.NoError(j.t, err)
	defer resp.Body.Close()
	if into != nil {
		require.NoError(j.t, json.NewDecoder(resp.Body).Decode(into))
	}
	return resp.StatusCode
}

// send posts a message and returns what the simulator says to it.
func (j *judge) send(body string) (int, verdict) {
	j.t.Helper()
	var v verdict
	status := j.do(http.MethodPost, "/v23.0/100000000000001/messages", j.token, body, &v)
	return status, v
}

// libraryRefuses is what the library says before it sends.
func libraryRefuses(body string) bool {
	out, err := wacloud.DecodeMessage([]byte(body))
	return err != nil || len(errorsOf(out.Check())) > 0
}

func TestSimulatorAcceptsEverySample(t *testing.T) {
	t.Parallel()
	j := newJudge(t)
	elsewhere := []string{ // not for the messages endpoint
		"block_users.json", "conversational_automation.json", "mark_read.json", "mark_read_typing.json", "marketing_messages.json",
		"response_error.json", "response_error_transient.json", "response_success.json", "response_success_bsuid.json",
	}
	accepted := 0
	for _, pattern := range []string{"testdata/payloads/*.json", "testdata/requests/*.json"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			if slices.Contains(elsewhere, filepath.Base(file)) {
				continue
			}
			body, err := os.ReadFile(file)
			require.NoError(t, err)
			status, v := j.send(string(body))
			require.Equal(t, libraryRefuses(string(body)), status != http.StatusOK, "%s: %+v", file, v)
			if status == http.StatusOK {
				accepted++
			} else {
				require.Contains(t, pattern, "requests", "%s: %+v", file, v)
			}
		}
	}
	require.GreaterOrEqual(t, accepted, 56)
}

// refusal is a sample with one thing broken, and what Meta says to it.
type refusal struct {
	Sample string `json:"sample"`
	Patch  struct {
		Op     string `json:"op"`
		Path   string `json:"path"`
		Value  any    `json:"value"`
		Repeat *struct {
			Text  string `json:"text"`
			Times int    `json:"times"`
		} `json:"repeat"`
	} `json:"patch"`
	Code int    `json:"code"`
	Path string `json:"path"`
}

// The codes and parameters stand in the files. They follow Meta's pages (error codes, read 2025-12, and the page of each
// kind of message): 131008 for what is missing, 131009 for a value, 100 for what is unknown or has the wrong type, 131051
// for a type of message that there is not.
func TestSimulatorAndLibraryRefuseTheSame(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/refused/*.json")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 120)
	j := newJudge(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			var r refusal
			require.NoError(t, json.Unmarshal(data, &r))
			body := r.broken(t)
			require.True(t, libraryRefuses(body), "the library takes it: %s", body)
			status, v := j.send(body)
			require.Equal(t, http.StatusBadRequest, status)
			require.Equal(t, r.Code, v.Error.Code, v.Error.Data.Details)
			path, _, _ := strings.Cut(v.Error.Data.Details, ":")
			require.Equal(t, r.Path, path, v.Error.Data.Details)
		})
	}
}

// broken is the sample with the patch.
func (r refusal) broken(t *testing.T) string {
	t.Helper()
	sample, err := os.ReadFile("testdata/payloads/" + r.Sample + ".json")
	require.NoError(t, err)
	var doc any
	require.NoError(t, json.Unmarshal(sample, &doc))
	value := r.Patch.Value
	if r.Patch.Repeat != nil {
		value = strings.Repeat(r.Patch.Repeat.Text, r.Patch.Repeat.Times)
	}
	doc, ok := patched(doc, strings.Split(r.Patch.Path, "/")[1:], r.Patch.Op, value)
	require.True(t, ok, "the patch does not fit the sample")
	body, err := json.Marshal(doc)
	require.NoError(t, err)
	return string(body)
}

// patched applies one operation of a JSON patch (RFC 6902): add, remove or replace.
func patched(doc any, path []string, op string, value any) (any, bool) {
	if len(path) == 0 {
		return value, op != "remove"
	}
	switch doc := doc.(type) {
	case map[string]any:
		old, known := doc[path[0]]
		if known == (op == "add") && len(path) == 1 || !known && len(path) > 1 {
			return nil, false
		}
		if len(path) == 1 && op == "remove" {
			delete(doc, path[0])
			return doc, true
		}
		inner, ok := patched(old, path[1:], op, value)
		doc[path[0]] = inner
		return doc, ok
	case []any:
		i, err := strconv.Atoi(path[0])
		if err != nil || i >= len(doc) {
			return nil, false
		}
		if len(path) == 1 && op == "remove" {
			return slices.Delete(doc, i, i+1), true
		}
		inner, ok := patched(doc[i], path[1:], op, value)
		doc[i] = inner
		return doc, ok
	}
	return nil, false
}

// 10,000 messages over HTTP: half of them as they are, half with something broken by chance. Both sides say the same.
func TestSimulatorAgreesOnGeneratedMessages(t *testing.T) {
	t.Parallel()
	n := 10_000
	if testing.Short() {
		n = 500
	}
	j := newJudge(t)
	r := rand.New(rand.NewPCG(3, 7))
	var taken, refused int
	for i := range n {
		body, err := wacloud.EncodeMessage(wacloud.GenerateOutgoing(r))
		require.NoError(t, err)
		if i%2 == 1 {
			body = damaged(t, r, body)
		}
		status, v := j.send(string(body))
		if status == http.StatusOK {
			taken++
		} else {
			refused++
		}
		switch {
		case v.Error.Code == 131021: // the library does not know the business's own number
		case libraryDoesNotKnow(body):
			require.NotEqual(t, http.StatusOK, status, "%s", body)
		case i%2 == 0:
			require.Equal(t, http.StatusOK, status, "%s: %+v", body, v)
		default:
			require.Equal(t, libraryRefuses(string(body)), status != http.StatusOK, "%s: %+v", body, v)
		}
	}
	require.GreaterOrEqual(t, taken, n/2)
	require.GreaterOrEqual(t, refused, n/10)
}

// libraryDoesNotKnow reports whether a message is of a kind that the library lets out unchecked, with a warning, for what is new
// tomorrow. The simulator refuses it, as Meta does what it does not know.
func libraryDoesNotKnow(body []byte) bool {
	out, err := wacloud.DecodeMessage(body)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(out.Check(), func(p wacloud.Problem) bool { return p.Rule == "raw.unchecked" })
}

// What the library does not know is what the simulator refuses as unknown, and nothing else is.
func TestSimulatorAndLibraryKnowTheSameKinds(t *testing.T) {
	t.Parallel()
	j := newJudge(t)
	for _, tt := range []struct {
		name, message string
		unknown       bool
		code          int
		path          string
	}{
		{"a type of tomorrow", `"type":"hologram","hologram":{"depth":3}`, true, 131051, "type"},
		{"an interactive type of tomorrow", `"type":"interactive","interactive":{"type":"galaxy","body":{"text":"x"}}`, true, 131009, "interactive.type"},
		{"a slip in an interactive type", `"type":"interactive","interactive":{"type":"buttons","body":{"text":"x"}}`, true, 131009, "interactive.type"},
		{"no interactive type", `"type":"interactive","interactive":{"body":{"text":"x"}}`, false, 131008, "interactive.type"},
		{"an interactive type that is no text", `"type":"interactive","interactive":{"type":7}`, false, 100, "interactive.type"},
		{"a kind that both know", `"type":"text","text":{"body":"x"}`, false, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := `{"messaging_product":"whatsapp","to":"+5511999990001",` + tt.message + `}`
			require.Equal(t, tt.unknown, libraryDoesNotKnow([]byte(body)))
			_, v := j.send(body)
			require.Equal(t, tt.code, v.Error.Code, v.Error.Data.Details)
			path, _, _ := strings.Cut(v.Error.Data.Details, ":")
			require.Equal(t, tt.path, path)
		})
	}
}

// damaged changes one place of a message by chance: gone, of another type, too long, or doubled.
func damaged(t *testing.T, r *rand.Rand, body []byte) []byte {
	t.Helper()
	var doc any
	require.NoError(t, json.Unmarshal(body, &doc))
	places := leaves(doc, nil)
	place := places[r.IntN(len(places))]
	values := []any{nil, "", strings.Repeat("é", 5000), -1, true, []any{}, map[string]any{"x": 1}, "same", 99.5}
	op := "replace"
	if r.IntN(3) == 0 {
		op = "remove"
	}
	doc, ok := patched(doc, place, op, values[r.IntN(len(values))])
	require.True(t, ok)
	out, err := json.Marshal(doc)
	require.NoError(t, err)
	return out
}

// leaves lists every place of a JSON value, in a fixed order.
func leaves(v any, at []string) (all [][]string) {
	if at != nil {
		all = append(all, slices.Clone(at))
	}
	switch v := v.(type) {
	case map[string]any:
		var keys []string
		for key := range v {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			all = append(all, leaves(v[key], append(at, key))...)
		}
	case []any:
		for i, inner := range v {
			all = append(all, leaves(inner, append(at, strconv.Itoa(i)))...)
		}
	}
	return all
}
