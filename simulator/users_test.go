package simulator_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A phone that is too old for a kind of message gets it as Meta does it: accepted, then failed.
func TestPhoneThatCannotShowAKind(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.post("users", `{"name":"Bo"}`)
		status, body := r.call(http.MethodPatch, "users/Bo", `{"refuses":["carousel"]}`)
		require.Equal(t, http.StatusOK, status, string(body))
		require.Contains(t, string(body), `"refuses":["carousel"]`)
		for _, user := range []string{"Ana", "Bo"} {
			r.post("say", `{"user":"`+user+`","text":"hi"}`)
			synctest.Wait()
			r.post("tap", `{"user":"`+user+`","key":"0"}`)
			pass(time.Minute)
		}
		statuses := map[string][]string{}
		for _, m := range r.state().bots() {
			statuses[m.Chat] = append(statuses[m.Chat], m.Kind+" "+m.Status)
		}
		require.Equal(t, map[string][]string{
			number + "/u1": {"button read", "carousel delivered"}, number + "/u2": {"button read", "carousel failed"},
		}, statuses)
		require.Equal(t, 131026, r.state().last(t).Errors[0].Code)
		status, body = r.call(http.MethodPost, "tap", `{"user":"Bo","title":"Choose","card":0}`)
		require.Equal(t, http.StatusNotFound, status, "the carousel never came: %s", body)

		// Another code, and what is saved.
		status, body = r.call(http.MethodPatch, "users/u2", `{"refuses":["button"],"refuse_code":131051}`)
		require.Equal(t, http.StatusOK, status, string(body))
		_, saved := r.call(http.MethodGet, "save", "")
		status, body = r.call(http.MethodPost, "restore", string(saved))
		require.Equal(t, http.StatusOK, status, string(body))
		failed := r.state().last(t)
		require.Len(t, failed.Errors, 1, "why it failed is saved too")
		require.Equal(t, 131026, failed.Errors[0].Code)
		r.post("say", `{"user":"Bo","text":"hi"}`)
		pass(time.Minute)
		require.Equal(t, 131051, r.state().last(t).Errors[0].Code)

		require.NoError(t, r.sim.Refuse("Bo"))
		r.post("say", `{"user":"Bo","text":"hi"}`)
		pass(time.Minute)
		require.Equal(t, "delivered", r.state().last(t).Status)
		require.Error(t, r.sim.Refuse("nobody", "carousel"))
	})
}

func TestPhonesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		many, err := json.Marshal(map[string]any{"refuses": make([]string, 31)})
		require.NoError(t, err)
		for _, in := range []string{string(many), `{"refuses":[""]}`, `{"refuses":["a"],"refuse_code":-1}`, `{"refuse":["a"]}`} {
			status, body := r.call(http.MethodPatch, "users/u1", in)
			require.Equal(t, http.StatusBadRequest, status, string(body))
		}
		status, _ := r.call(http.MethodPatch, "users/nobody", `{}`)
		require.Equal(t, http.StatusNotFound, status)
	})
}
